from support.tiny_model import tiny

__all__ = ["tiny"]
