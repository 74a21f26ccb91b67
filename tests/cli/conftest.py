from support.contact import client, photo, server_url
from support.tiny_model import tiny

__all__ = ["client", "photo", "server_url", "tiny"]
