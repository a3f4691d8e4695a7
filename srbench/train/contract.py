"""What a training is asked for, what it tells while it runs, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import nn

    from srbench.train.cache import Images, Masks
    from srbench.train.checkpoints import Progress
    from srbench.train.leaks import LeakCheck


@dataclass(frozen=True)
class Options:
    """Where and how a recipe is trained; nothing here changes what one process computes on a CPU.

    - `data`, `validation`: folders of images; without `validation` some of `data` are held out.
    - `roots`: where test sets lie that the training images are compared with; None compares with nothing.
    - `masks` gives the region numbers of an image (COCO-Stuff), `regions` how many there are.
    - `precision`: "auto" takes bfloat16 where it is faster on this device, or Fabric's names.
    - `estimate` ends the run once it has said how long it would take.
    - `compiled` has torch compile the networks; `log_every` iterations make a row of the curve.
    """

    data: Path
    out: Path
    device: str = "cpu"
    devices: int = 1
    precision: str = "auto"
    compiled: bool = False
    validation: Path | None = None
    roots: tuple[Path, ...] | None = None
    masks: Masks | None = None
    mask_source: str = ""
    regions: int = 0
    log_every: int = 100
    estimate: bool = False


@dataclass(frozen=True)
class Finished:
    """How a run ended: the weights of `keep` in float32 on the CPU, where it stands, and on what.

    `stopped` is the signal that stopped it, or 0; `main` whether this is the process that writes files.
    """

    module: nn.Module
    progress: Progress
    images: Images
    leaks: LeakCheck
    stopped: int
    main: bool


class Report(Protocol):
    """What a run tells while it runs; the command shows it."""

    def say(self, text: str) -> None:
        """A remark."""

    def begin(self, description: str, total: int, done: int) -> None:
        """A stretch of work begins."""

    def advance(self, done: int, images_per_second: float, values: dict[str, float] | None = None) -> None:
        """So much of it is done; losses and scores by name where there are new ones."""
