"""What a checkpoint may ask for: bounds on bytes and objects, checked before anything is allocated.

A few hundred bytes can ask for gigabytes: by compressed zeros, by indices of a pickle's memo, by tensors
that repeat one value, by containers that hold each other. Honest files stay far below these bounds.
"""

from __future__ import annotations

import pickletools
import zipfile
from typing import IO

SPARE_BYTES = 64 * 1024**2  # that any file may take beyond twice its own size
MOST_STEPS = 500_000  # of a pickle; optimisers of networks with a thousand layers take a tenth
_LARGEST_INTEGER = 64  # bits: longer ones are made to collide as keys of a dictionary
_PUTS = ("PUT", "BINPUT", "LONG_BINPUT")
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


class Refused(Exception):
    """The file wants something that is not allowed, or is damaged."""


class Budget:
    """Bytes that the tensors of one file may take in all."""

    def __init__(self, file_size: int) -> None:
        self._left = 2 * file_size + SPARE_BYTES

    def take(self, size: int, what: str) -> None:
        """Counts `size` bytes; `Refused` where the file asks for more than it can honestly hold."""
        self._left -= size
        if self._left < 0:
            raise Refused(f"{what} would take far more memory than a file of this size can hold")


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member of an archive whose sizes have been checked, no byte more than it declares."""
    size = archive.getinfo(name).file_size
    with archive.open(name) as stream:
        data = stream.read(size + 1)
    if len(data) != size:
        raise Refused(f"{name} does not have the size that it declares")
    return data


def require_modest_archive(archive: zipfile.ZipFile, file_size: int) -> None:
    """`Refused` where the members unpack to far more than the file."""
    declared = sum(member.file_size for member in archive.infolist())
    if declared > 2 * file_size + SPARE_BYTES:
        raise Refused(
            f"it unpacks to {declared / 1e6:.0f} MB, {declared // max(file_size, 1)} times its size"
        )


def require_modest_pickle(stream: IO[bytes]) -> None:
    """Looks through the pickle at the stream's place, without running it, and goes back there."""
    start = stream.tell()
    for step, (code, argument, _) in enumerate(pickletools.genops(stream)):
        if step > MOST_STEPS:
            raise Refused(f"its pickle has more than {MOST_STEPS} steps")
        if code.name in _PUTS and isinstance(argument, int) and argument > step + 16:
            raise Refused("its pickle numbers objects that it does not have")
        if (
            isinstance(argument, int)
            and argument.bit_length() > _LARGEST_INTEGER
            and argument != LEGACY_MAGIC
        ):
            raise Refused("it holds integers of more than 64 bits")
    stream.seek(start)
