"""JPEG files of many scans: each is a pass over the whole image and may take a few bytes of the file."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

from srbench.core.records import Unscorable

# Encoders write 10 or so for a progressive file; libjpeg-turbo's own programs can be told to stop at 500
# (`-maxscans`), which is what its fuzzers do.
_USUAL, _MOST = 20, 500
# A scan takes a nanosecond a pixel where it does nothing: two seconds in all.
_PIXELS_IN_ALL = 2_000_000_000
# ITU T.81, table B.1: the markers that a reader does not pass over. What is between two of them, coded data
# for one, never looks like one.
_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA


def refuse_scans(path: Path, size: tuple[int, int]) -> None:
    """`Unscorable` for a JPEG file of this width and height whose scans take too long to decode; it is read,
    but not decoded."""
    width, height = size
    most = max(_USUAL, min(_MOST, _PIXELS_IN_ALL // max(width * height, 1)))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        scans = _scans(data, most)
    if scans > most:
        raise Unscorable(
            f"{path.name}: a JPEG of {width}x{height} in {scans} scans or more, where some ten are usual; "
            "save it as PNG"
        )


def _scans(data: mmap.mmap, most: int) -> int:
    """The scans of the first image in `data`, counted up to one more than `most`."""
    place = scans = 0
    while scans <= most and (found := _MARKER.search(data, place)):
        place, marker = found.end(), found[1][0]
        if marker == _END:
            break
        scans += marker == _SCAN
        if marker != _START:  # the others are followed by their length, which may hold anything
            place += int.from_bytes(data[place : place + 2], "big")
    return scans
