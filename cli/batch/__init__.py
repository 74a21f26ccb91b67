"""`photochrom batch`: a folder or an archive through a service."""
