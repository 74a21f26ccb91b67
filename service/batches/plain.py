"""Text for the files of an archive, which have no room for what no text has."""

import re

# What XML 1.0 calls no character (2.2): controls, lone surrogates, U+FFFE and U+FFFF; and the controls of C1.
_NO_TEXT = re.compile(r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plain(text: str) -> str:
    """Return the text without characters that a reader of XML or of tag files may refuse."""
    return _NO_TEXT.sub("", text)
