"""Text: from outside (names of files, messages of decoders, other people's tables) without control
characters, errors in one line, lengths of time, sizes of files, remarks.

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


def first_line(error: BaseException) -> str:
    """The first line of an error's text, or its kind where it has none."""
    text = str(error).strip().splitlines()
    return text[0][:200] if text else type(error).__name__


def network_reason(error: BaseException) -> str:
    """Why a download failed, in words instead of the chain of objects that libraries print."""
    names = {cause.__name__ for cause in type(error).__mro__}
    text = str(error)
    if "NameResolution" in text or "getaddrinfo" in text:
        return "its host is not found: there is no network, or no name service"
    if "Timeout" in text or any("Timeout" in name for name in names):
        return "no answer in time"
    if "ProxyError" in text:
        return "the proxy of this network refuses it"
    if "SSLError" in text:
        return "the certificate of the host is not accepted"
    if names & {"ConnectionError", "URLError"}:
        return "no connection"
    return first_line(error)


_FOLDERS = re.compile(r"(?<![\w.:/])/(?:[^/\s'\"(),;]+/)+(?=[^/\s])")


def without_folders(text: str) -> str:
    """The text with absolute paths cut to their last part: pages that travel tell no one's folders."""
    return _FOLDERS.sub("…/", text)


def duration(seconds: float) -> str:
    """A length of time as people say it: `40 seconds`, `12 minutes`, `3.5 hours`."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def size_text(count: int) -> str:
    """A number of bytes as people say it: `812 bytes`, `8.2 kB`, `244.4 MB`."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1000:.1f} kB"


def remark(text: str) -> None:
    """Prints `text` as it is."""
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)
