"""The records that flow through an evaluation, the two errors that users can cause, and what is told of long
work, so that whoever watches can show a bar.

Nothing here imports another module of the package but `text`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from srbench.core.text import plain

if TYPE_CHECKING:
    import numpy as np

OK = "ok"
# How a low-resolution input is made from its reference, which decides what a network is at home with.
Degradation = Literal["matlab-bicubic", "matlab-bicubic-double", "pil-lanczos"]

# How low-resolution files were made: as those of the published layouts, or in a way that only the user knows.
InputKind = Literal["matlab-bicubic", "unknown"]


class UserError(Exception):
    """A mistake or a lack that the user can mend; shown as one line, never as a traceback.

    `exit_code` is 2 for wrong usage (an unknown name, a bad option) and 1 for a failed run.
    """

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(plain(" ".join(message.split())))
        self.exit_code = exit_code


class UsageError(UserError):
    """Wrong usage of a command: exit code 2."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=2)


class Unscorable(Exception):
    """One image cannot be scored (or upscaled); the message is the reason that the score row carries."""

    def __init__(self, reason: str) -> None:
        super().__init__(plain(" ".join(reason.split())))


@dataclass(frozen=True)
class Pair:
    """One image of a data set at one scale, as files; nothing is decoded yet.

    `low_resolution` is None where the input has to be made from the reference; where `input_kind` is
    "unknown" the data set has inputs of its user's, and None means that this image's is missing. `aliases`
    are other names that result files of this image go by; `siblings` the identifiers of the data set that
    begin as one of these names does, so that a file of `a_b` is never taken for one of `a`.
    """

    dataset: str
    image: str
    scale: int
    reference: Path
    low_resolution: Path | None
    input_kind: InputKind = "matlab-bicubic"
    aliases: tuple[str, ...] = ()
    siblings: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """What messages call the image."""
        return f"{self.dataset}/{self.image}"


@dataclass(frozen=True)
class Sample:
    """A decoded pair: what a method sees and what a metric compares with.

    `reference` and `low_resolution` are uint8, H x W (grayscale file) or H x W x 3 (RGB), 0 to 255;
    the reference is exactly `pair.scale` times as large as the input. Methods that are `trained_on`
    "matlab-bicubic-double" also take inputs that were never quantised: float64 in the same range.
    """

    pair: Pair
    reference: np.ndarray
    low_resolution: np.ndarray


@dataclass(frozen=True, slots=True)
class Score:
    """One number for one method, image and metric, or the reason why there is none.

    `value` is None exactly when `status` is not "ok", which is checked wherever scores are stored or read; it
    may be infinite (PSNR of identical images).
    `seconds` is the time that computing the value took.
    """

    method: str
    dataset: str
    scale: int
    protocol: str
    image: str
    metric: str
    value: float | None
    status: str
    seconds: float


def reason_of(error: BaseException) -> str:
    """An exception as the status of a missing score."""
    if isinstance(error, Unscorable | UserError):
        return str(error)
    text = plain(" ".join(str(error).split())[:200])
    return f"failed: {type(error).__name__}{': ' + text if text else ''}"


class Progress(Protocol):
    """What is told of long work: how many steps there are, and then each step as it is done."""

    def begin(self, total: int) -> None:
        """So many steps are to come."""

    def advance(self) -> None:
        """One of them is done."""


class _Silent:
    def begin(self, total: int) -> None:
        pass

    def advance(self) -> None:
        pass


SILENT: Progress = _Silent()  # tells nobody
