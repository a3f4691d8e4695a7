"""Text from outside (names of files, messages of decoders, other people's tables) without control characters.

Nothing here imports another module of the package.
"""

from __future__ import annotations

import re
from typing import Any

# Control characters, direction and line marks, and halves of surrogate pairs, with which Python stands in
# for the bytes of a file name that are no text.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """The text with what a terminal or page would act on, or could not show, as its escape: `\\x1b`."""
    if text.isprintable():
        return text
    return _UNFIT.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def plain_values(value: Any) -> Any:
    """What JSON can express, with every text and name in it made plain."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {plain(name): plain_values(item) for name, item in value.items()}
    return [plain_values(item) for item in value] if isinstance(value, list) else value
