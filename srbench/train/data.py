"""The images of a run: found, cleaned of test images, decoded, and divided into training and validation."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from srbench.core.files import cache_folder
from srbench.core.records import UserError
from srbench.core.weights import writable
from srbench.train.cache import Preparation, open_cache, training_files
from srbench.train.leaks import check
from srbench.train.patches import Loader, Sampler
from srbench.train.validation import held_out_pairs, split

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from lightning_fabric import Fabric

    from srbench.core.records import Pair
    from srbench.methods.networks.specification import NetworkSpec
    from srbench.train.cache import Images
    from srbench.train.contract import Options, Report
    from srbench.train.leaks import LeakCheck
    from srbench.train.recipe import Recipe


@dataclass(frozen=True)
class Data:
    """What a run trains on and measures itself with."""

    images: Images
    pairs: list[Pair]
    leaks: LeakCheck

    def sampler(self, recipe: Recipe) -> Sampler:
        """Chooses the patches of each iteration."""
        return Sampler(self.images, recipe.crop, recipe.batch, recipe.augment, recipe.seed)

    def loader(self, recipe: Recipe, device: torch.device, regions: int) -> Loader:
        """Cuts them out."""
        return Loader(self.images, recipe.crop, device=device, regions=regions)


def open_data(recipe: Recipe, spec: NetworkSpec, options: Options, fabric: Fabric, report: Report) -> Data:
    """Finds and decodes the images, the first process before the others; says what is left out."""
    files = training_files(options.data)
    held_out = [] if options.validation is None else training_files(options.validation)
    writable(cache_folder() / "training")
    with fabric.rank_zero_first():
        leaks = check(
            files,
            options.roots,
            progress=_Stretch(report, "comparing with test images"),
        )
    files = _without(files, leaks)
    if options.validation is None:
        files, held_out = split(files)
    wanted = Preparation(
        recipe.scale,
        recipe.degradation,
        recipe.crop,
        spec.residual == "pil-bicubic",
        options.mask_source,
        recipe.shrink,
    )
    with fabric.rank_zero_first():
        images = open_cache(
            files,
            wanted,
            masks=options.masks,
            progress=_Stretch(report, "decoding"),
        )
    pairs, unusable = held_out_pairs(held_out, recipe.scale)
    if fabric.is_global_zero:
        if options.roots is not None:
            report.say(f"leak check: {leaks}")
        if images.skipped:
            first, reason = next(iter(images.skipped.items()))
            report.say(f"left out {len(images.skipped)} of {len(files)} images (such as {first}: {reason})")
        if unusable:
            report.say(f"left out {len(unusable)} of {len(held_out)} validation images ({unusable[0]})")
    return Data(images, pairs, leaks)


class _Stretch:
    """A stretch of work before the training, as the report tells it: how much is done, and how fast."""

    def __init__(self, report: Report, description: str) -> None:
        self._report = report
        self._description = description
        self._done, self._began = 0, time.monotonic()

    def begin(self, total: int) -> None:
        self._done, self._began = 0, time.monotonic()
        self._report.begin(self._description, total, 0)

    def advance(self) -> None:
        self._done += 1
        self._report.advance(self._done, self._done / max(time.monotonic() - self._began, 1e-9))


def _without(files: list[Path], leaks: LeakCheck) -> list[Path]:
    shown = {leak.training for leak in leaks.leaks}
    kept = [path for path in files if path.name not in shown]
    if not kept:
        raise UserError(f"every training image is also a test image: {leaks}")
    return kept
