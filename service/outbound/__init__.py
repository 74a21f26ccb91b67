"""What the service asks of other servers, at addresses that callers choose."""
