"""Markdown of platforms that document no way to escape: signs of markup become their full-width twins.

WeCom and DingTalk say which signs mean something and not how to write them as themselves. A backslash would be shown, so
``*`` becomes ``＊``: it reads the same and means nothing.
"""

import re

_TWINS = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in "*`[]<>!\\|~"})
_ENTITY = re.compile(r"&(?=[#\w]+;)")
_LIST = re.compile(r"^([#>+-]+|\d+[.)])(?=\s|$)")


def wide(text: str) -> str:
    """Return one line of text that no markdown reader takes for markup; letters, digits and ``_`` stay."""
    line = _ENTITY.sub("＆", text.translate(_TWINS))
    return _LIST.sub(lambda found: "".join(chr(ord(sign) + 0xFEE0) for sign in found.group()), line)
