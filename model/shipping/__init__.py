"""What an exported file needs before it is shipped."""
