from support.servers.contact import client, photo, server_url
from support.networks.tiny_model import tiny

__all__ = ["client", "photo", "server_url", "tiny"]
