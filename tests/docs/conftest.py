from support.networks.tiny_model import tiny

__all__ = ["tiny"]
