"""Where the images of an explanation come from: files, or a method on a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.records import Pair, Sample, Unscorable, UserError
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.folders import data_roots, find_pairs
from srbench.datasets.known import marked
from srbench.datasets.samples import load_reference, make_sample
from srbench.images.codec import read_image
from srbench.images.pixels import crop_to_multiple, same_kind
from srbench.methods.catalogue import resolve as resolve_method
from srbench.methods.contract import Runtime
from srbench.runs.score import Candidate, candidates
from srbench.studies.explain.measure import Load
from srbench.studies.explain.planes import Images
from srbench.studies.explain.resamplers import (
    ENLARGEMENTS,
    LUMA_ALONE,
    REDUCTIONS,
    combinations,
)

if TYPE_CHECKING:
    import numpy as np

    from srbench.methods.contract import Upscaler


@dataclass(frozen=True)
class Sources:
    """The images of an explanation, one `Load` each.

    `variants` are the (inputs, upscaler) that they can be had with, the first of them as they are;
    `gray_files` whether a reference is gray; `title` what they are.
    """

    loads: Sequence[Load]
    variants: Sequence[tuple[str, str]]
    gray_files: bool
    title: str


def from_files(images: Path, reference: Path, scale: int) -> Sources:
    """Output images and their references, matched by their names; all must have one."""
    found = candidates(images, reference)
    for candidate in found:
        if candidate.reference is None or candidate.path is None:
            raise UserError(candidate.reason or f"{candidate.image} lacks its output or its reference")
    # Everything is read once before the search, so that what cannot be compared is one line at once.
    pairs = [_read(candidate, scale) for candidate in found]
    title = f"{len(pairs)} image{'s' if len(pairs) > 1 else ''} of {images}"
    return Sources(
        [lambda *_, pair=pair: pair for pair in pairs],
        [("given", "given")],
        any(pair.gray for pair in pairs),
        title,
    )


def _read(candidate: Candidate, scale: int) -> Images:
    assert candidate.reference is not None
    assert candidate.path is not None
    try:
        output, reference = read_image(candidate.path), read_image(candidate.reference)
    except Unscorable as error:
        raise UserError(str(error)) from None
    if output.shape[:2] != reference.shape[:2]:
        # Outputs of methods are multiples of the scale; references may come uncropped.
        reference = crop_to_multiple(reference, scale)
    if output.shape[:2] != reference.shape[:2]:
        raise UserError(
            f"{candidate.path.name} is {output.shape[1]}x{output.shape[0]}, its reference cut to a multiple "
            f"of {scale} {reference.shape[1]}x{reference.shape[0]}; give --scale or the matching references"
        )
    return _comparable(candidate.image, output, reference)


def _comparable(name: str, output: np.ndarray, reference: np.ndarray) -> Images:
    """A gray output of a colour reference gets three channels; an output of a gray one may have either."""
    return Images(name, output if reference.ndim == 2 else same_kind(output, reference)[0], reference)


def from_method(method: str, dataset: str, scale: int, roots: Sequence[Path]) -> Sources:
    """A method on a data set, with MATLAB's inputs and with those of other resamplers."""
    chosen = resolve_method(method)
    reason = chosen.refuses(scale) or chosen.unavailable()
    if reason:
        raise UserError(f"{chosen.name}: {reason}")
    found = resolve_dataset(dataset)
    pairs = find_pairs(found, scale, data_roots(list(roots)), inputs="published")
    bicubic = chosen.name == "bicubic"
    upscale = chosen.open(Runtime())
    variants = [("matlab", "given")]
    if chosen.inputs:
        variants += combinations(bicubic=bicubic, floats=chosen.trained_on == "matlab-bicubic-double")
    try:
        gray = any(read_image(pair.reference).ndim == 2 for pair in pairs)
    except Unscorable as error:
        raise UserError(str(error)) from None
    return Sources(
        [_Made(pair, upscale) for pair in pairs],
        variants,
        gray,
        f"{chosen.name} on {marked(found, scale, pairs).name} x{scale}, {len(pairs)} images",
    )


@dataclass(frozen=True)
class _Made:
    """A pair whose output is made when it is asked for."""

    pair: Pair
    upscale: Upscaler

    def __call__(self, inputs: str, upscaler: str) -> Images:
        alone = inputs == LUMA_ALONE
        reference = load_reference(self.pair, plane="luma" if alone else "colour")
        if alone:
            sample = make_sample(self.pair, reference, "matlab-bicubic-double", "clamp", plane="luma")
        elif inputs == "matlab":
            sample = make_sample(self.pair, reference, "matlab-bicubic", "clamp")
        else:
            sample = Sample(self.pair, reference, REDUCTIONS[inputs](reference, self.pair.scale))
        if upscaler == "given":
            output = self.upscale(sample)
        else:
            output = ENLARGEMENTS[upscaler](sample.low_resolution, self.pair.scale)
        return _comparable(self.pair.image, output, reference)
