"""What a method is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from srbench.core.weights import WeightFile, missing_weights, serving

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from srbench.core.records import Degradation, Pair, Sample
    from srbench.images.codec import Bits
    from srbench.images.resize import Edges
    from srbench.methods.files.interface import Interface

Upscaler = Callable[["Sample"], "np.ndarray"]
GROUP = 8  # images that a GPU is given at once
_ORIGINS = {"reference": "reference", "interpolation": "interpolation", "outputs": "result images"}


@dataclass(frozen=True)
class Runtime:
    """Where and how methods run.

    `device` is a torch device ("cpu", "cuda", "mps"); `edges` the edge rule of the protocol's
    `imresize`; `max_memory` the bytes that one network may take for activations before it is tiled; `bits`
    those of a channel of the images that are read and made.
    """

    device: str = "cpu"
    edges: Edges = "clamp"
    max_memory: int = 2 * 1024**3
    bits: Bits = 8

    @property
    def at_once(self) -> int:
        """How many images to prepare before methods run: CPUs gain nothing from batches."""
        return 1 if self.device == "cpu" else GROUP


@dataclass(frozen=True)
class Method:
    """A method and what users need to know of it.

    - `open(runtime)` gives the upscaler: a function from a `Sample` to uint8 pixels (uint16 where
      `runtime.bits` is 16), H x W x 3 (RGB) or H x W, `sample.pair.scale` times as large as the input. It may
      raise `Unscorable` for one image.
    - `scales` are the factors it exists for, None for any; `depths` the bits a channel that it can make.
    - `version` counts changes of the pixels: stored outputs of another version are made again.
    - `weights` are the files that it needs.
    - `trained_on` says which inputs it was made for, None where that is not known or does not matter. A
      protocol that knows several kinds of input gives a method its own, and everything else the usual one.
    - `reads` are further files that decide the pixels: a user's model, what a function says it reads.
      `reads_all` is False where there may be others: stored outputs then serve the run that made them only.
    - `fingerprint(pair)` stands for whatever else decides the output of this pair (the content of a
      result file, say), without decoding anything.
    """

    name: str
    summary: str
    kind: Literal["reference", "interpolation", "network", "dictionary", "outputs", "combination", "model"]
    source: str
    open: Callable[[Runtime], Upscaler]
    scales: tuple[int, ...] | None = None
    version: int = 1
    weights: tuple[WeightFile, ...] = ()
    fingerprint: Callable[[Pair], str] | None = None
    trained_on: Degradation | None = None
    reads: tuple[Path, ...] = ()
    reads_all: bool = True
    depths: tuple[Bits, ...] = (8,)

    def unavailable(self) -> str | None:
        """Why this method cannot run here, with the command that mends it; None where it can.

        A method whose scales have files of their own can run where those of one scale are here.
        """
        scales = {file.scale for file in self.weights if file.scale is not None}
        reasons = [self._missing(self.files(scale)) for scale in sorted(scales)]
        return self._missing(self.weights) if not reasons or all(reasons) else None

    def files(self, scale: int) -> tuple[WeightFile, ...]:
        """The files that it needs at one scale."""
        return serving(self.weights, scale)

    def _missing(self, files: tuple[WeightFile, ...]) -> str | None:
        return missing_weights(files, command=f"srbench methods pull {self.name}")

    @property
    def remark(self) -> str:
        """What readers of a leaderboard must know of the weights, empty where there is nothing."""
        return "; ".join(dict.fromkeys(file.remark for file in self.weights if file.remark))

    @property
    def origin(self) -> str:
        """Whose work the outputs are: "authors' weights", "a third party's weights", "trained with srbench",
        "given weights", "result images", "interpolation", "reference" or "the user's"."""
        found = dict.fromkeys(file.origin for file in self.weights if file.origin)
        return " and ".join(found) or _ORIGINS.get(self.kind, "the user's")

    @property
    def inputs(self) -> tuple[Degradation | None, ...]:
        """What it and its parts were trained on; none where the input does not matter."""
        return () if self.kind in ("reference", "outputs") else (self.trained_on,)

    def interfaces(self, scale: int) -> dict[str, Interface]:  # noqa: ARG002 - of models that users bring
        """What was taken for the interface of each user's model in it, by name."""
        return {}

    def refuses_bits(self, bits: Bits) -> str | None:
        """Why this method does not do images of so many bits a channel; None where it does."""
        if bits in self.depths:
            return None
        return f"{self.name} makes 8-bit images; give {bits}-bit results of it as outputs:DIR"

    def refuses(self, scale: int) -> str | None:
        """Why this method does not do this scale; None where it does."""
        if self.scales is None or scale in self.scales:
            return None if self.unavailable() else self._missing(self.files(scale))
        return f"{self.name} exists for x{', x'.join(map(str, self.scales))} only"
