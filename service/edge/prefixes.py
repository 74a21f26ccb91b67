"""What a path under which we may be served looks like; the settings need it, and none of a web server's libraries."""

import re

# No `//`, which would lead to another host, no `.` and `..`, and no character that means something in HTML or headers.
# Codes too are only those that mean themselves: browsers take `%2e` for a dot, some servers `%2f` for a slash.
_CODE = r"%(?!0|1|2[EeFf]|5[Cc]|7[Ff])[0-9A-Fa-f]{2}"
_PREFIX = rf"(/(?!\.{{1,2}}(/|$))([A-Za-z0-9._~-]|{_CODE})+)*"
# It comes back in every address and in the cookie's name.
_LONGEST = 200


def joined(given: str) -> str:
    """Return the prefix that a chain of proxies gives, the outermost first; "" if it is not a path."""
    prefix = "".join(part.strip().rstrip("/") for part in given.split(","))
    return prefix if len(prefix) <= _LONGEST and re.fullmatch(_PREFIX, prefix) else ""
