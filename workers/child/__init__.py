"""The process that a photograph is opened in: apart from passwords, network and files, and easily replaced."""
