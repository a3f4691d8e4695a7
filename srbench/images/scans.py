"""JPEG files of many scans: each is a pass over the whole image and may take a few bytes of the file."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

# Encoders write 10 or so for a progressive file; libjpeg-turbo's own programs can be told to stop at 500
# (`-maxscans`), which is what its fuzzers do.
_USUAL, _MOST = 20, 500
# A scan takes a nanosecond a pixel where it does nothing: two seconds in all.
_PIXELS_IN_ALL = 2_000_000_000
# ITU T.81, table B.1: the markers that a reader does not pass over. What is between two of them, coded data
# for one, never looks like one.
_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA


def too_many_scans(path: Path, pixels: int) -> int | None:
    """The number of scans (or the one at which counting ended) of a JPEG file of so many `pixels`, where it
    takes too long to decode; None where it does not. The file is read, but not decoded."""
    most = max(_USUAL, min(_MOST, _PIXELS_IN_ALL // max(pixels, 1)))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        scans = _scans(data, most)
    return scans if scans > most else None


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
