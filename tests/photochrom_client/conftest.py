from support.servers.contact import client, photo, server_url

__all__ = ["client", "photo", "server_url"]
