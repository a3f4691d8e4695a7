"""What the tests of training share: a folder of small images and recipes cut down to run in moments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from srbench.train.contract import Finished, Options
from srbench.train.loop import train
from srbench.train.overrides import changed
from srbench.train.recipe import Recipe
from srbench.train.recipes import RECIPES
from tests.helpers import picture, save

torch.set_num_threads(1)

# Crops that the discriminators and the texture loss of a recipe still accept.
_CROPS = {"srgan": 16, "enhancenet": 32, "esrgan": 32}


class Silent:
    """A report that keeps its remarks, and which stretches of work began."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.began: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def begin(self, description: str, total: int, done: int) -> None:
        assert done <= total
        self.began.append(description)

    def advance(self, done: int, images_per_second: float, values: dict[str, float] | None = None) -> None:
        """Nothing."""


def images(folder: Path, count: int = 3, side: int = 48) -> Path:
    """A folder of `count` pictures of `side` x `side + 8` pixels."""
    for place in range(count):
        save(folder / f"{place}.png", picture(side, side + 8, seed=place))
    return folder


def annotations(folder: Path, images_folder: Path) -> Path:
    """COCO-Stuff maps of three classes for every image of a folder."""
    from PIL import Image

    for path in images_folder.iterdir():
        with Image.open(path) as image:
            width, height = image.size
        classes = np.zeros((height, width), np.uint8)
        classes[: height // 3], classes[height // 2 :, : width // 2] = 123, 7
        save(folder / f"{path.stem}.png", classes)
    return folder


def small(name: str, **changes: Any) -> Recipe:
    """The recipe on one tiny patch per iteration, with random features and no start."""
    recipe = RECIPES.get(name)
    deep = any("pool5" in term.layers for term in recipe.terms)
    side = 32 if deep else _CROPS.get(recipe.discriminator or "", 16)
    settings: dict[str, Any] = {
        "crop": side,
        "batch": 2 if recipe.discriminator else 1,
        "iterations": 3,
        "feature_network": "vgg19-random",
        "blocks": 1 if recipe.network in ("rrdb", "edsr") else None,
        "start_from": None,
        "border": 0,
        "validate_every": 1000,
        "checkpoint_every": 1000,
    }
    return changed(recipe, {**settings, **changes})


def run(recipe: Recipe, data: Path, out: Path, **options: Any) -> Finished:
    """Trains on the CPU without a start; recipes with masks get them from `data` + "-maps"."""
    if recipe.needs_masks:
        from functools import partial

        from srbench.datasets.coco_stuff import REGIONS, read_regions

        maps = annotations(data.with_name(f"{data.name}-maps"), data)
        options |= {"masks": partial(read_regions, maps), "mask_source": str(maps), "regions": REGIONS}
    report = options.pop("report", Silent())
    options.setdefault("precision", "32-true")  # bit for bit, on whatever processor
    return train(recipe, Options(data=data, out=out, **options), report)


def weights(finished: Finished) -> dict[str, torch.Tensor]:
    """All tensors of the result."""
    return dict(finished.module.state_dict())


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Bit by bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
