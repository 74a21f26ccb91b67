from support.networks.tiny_model import tiny
from support.servers.contact import client, photo, server_url

__all__ = ["client", "photo", "server_url", "tiny"]
