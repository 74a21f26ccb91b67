"""From the bytes of an upload to an accepted job."""
