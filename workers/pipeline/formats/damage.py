"""What is said of a file that a decoder gave up on: its own words are for programmers."""

from photochrom.errors import UnreadablePhoto


def damaged(kind: str) -> UnreadablePhoto:
    """Return the refusal of a file of this kind; raise it from the decoder's error, which the log then has."""
    return UnreadablePhoto(
        f"The {kind} is damaged or truncated; open it in the program that made it, and save it anew."
    )
