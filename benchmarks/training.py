"""Speed of training: our loop beside bare forward and backward passes and BasicSR-style loading.

    python benchmarks/training.py --data DIR [--device cuda] [--recipes srresnet-mse,rrdb-psnr] [--batch 16]

One iteration of a recipe is timed in four ways, in turn, on the same batch size:

- bare: forward, loss, backward and optimiser step on tensors that lie in memory already;
- ours: the same with choosing, cutting and preparing the patches as the loop does;
- BasicSR-style: the same with each image decoded for each crop, its input read from a file beside it
  (`basicsr/data/paired_image_dataset.py`), in this process;
- compiled (with --compile): ours with the network compiled by torch.

On a GPU it states the fraction of the arithmetic limit, from the multiply-adds of the network's
convolutions (forward once, backward twice) and --peak, the device's dense TFLOP/s in the precision used.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from srbench.core.records import UserError
from srbench.datasets.samples import degrade
from srbench.images.codec import read_image, write_png
from srbench.images.pixels import crop_to_multiple
from srbench.train.cache import Preparation, open_cache, training_files
from srbench.train.networks import build_generator, specification
from srbench.train.objective import Objective
from srbench.train.optimisation import make_optimizer
from srbench.train.overrides import changed
from srbench.train.patches import MARGIN, Batch, Loader, Preparer, Sampler
from srbench.train.processes import choose_precision, make_fabric
from srbench.train.recipe import Recipe
from srbench.train.recipes import RECIPES


def main() -> None:
    """Times every recipe and prints one table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of training images")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--recipes", default="srresnet-mse,rrdb-psnr")
    parser.add_argument("--precision", default="auto", help="auto, 32-true, bf16-mixed or 16-mixed")
    parser.add_argument("--batch", type=int, help="patches per iteration; the recipe's without it")
    parser.add_argument("--crop", type=int, help="side of the patches; the recipe's without it")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--peak", type=float, default=989.0, help="dense bf16 TFLOP/s of the device (H200)")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name in arguments.recipes.split(","):
        given = {"batch": arguments.batch, "crop": arguments.crop}
        recipe = changed(RECIPES.get(name), {key: value for key, value in given.items() if value})
        with tempfile.TemporaryDirectory() as scratch:
            for line in measure(recipe, arguments, Path(scratch)):
                print(f"{name:14} {line}", flush=True)


def measure(recipe: Recipe, arguments: argparse.Namespace, scratch: Path) -> list[str]:
    """The lines of one recipe."""
    precision = choose_precision(arguments.device, arguments.precision, None)
    fabric = make_fabric(arguments.device, 1, precision)
    spec = specification(recipe)
    files = training_files(arguments.data)
    kept = Preparation(recipe.scale, recipe.degradation, recipe.crop, spec.residual == "pil-bicubic")
    images = open_cache(files, kept)
    sampler = Sampler(images, recipe.crop, recipe.batch, recipe.augment, recipe.seed)
    loader = Loader(images, recipe.crop, device=fabric.device)
    prepare = Preparer(spec, fabric.device)
    module = build_generator(recipe).to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    step = Step(recipe, module, fabric)
    resident = prepare(loader.load(sampler.choose(0)))
    place = iter(range(1 << 30))
    peer = BasicSR(recipe, files[:64], scratch, fabric.device)
    ways: dict[str, Callable[[], object]] = {
        "bare": lambda: step(*resident),
        "ours": lambda: step(*prepare(loader.load(sampler.choose(next(place))))),
        "BasicSR-style": lambda: step(*prepare(peer.load(next(place)))),
        "our loading alone": lambda: prepare(loader.load(sampler.choose(next(place)))),
    }
    if arguments.compile:
        compiled = Step(recipe, torch.compile(module), fabric)  # type: ignore[arg-type]
        ways["ours, compiled"] = lambda: compiled(*prepare(loader.load(sampler.choose(next(place)))))
    times = in_turn(ways, arguments.repeats, fabric.device)
    lines = [
        f"{precision:10} {way:18} {1e3 * seconds:9.2f} ms  {recipe.batch / seconds:9.1f} images/s  "
        f"{times['bare'] / seconds:6.3f} of bare"
        for way, seconds in times.items()
    ]
    if fabric.device.type == "cuda":
        operations = 6 * multiply_adds(module, resident[0])
        best = min(seconds for way, seconds in times.items() if way.startswith("ours"))
        lines.append(
            f"{operations / best / 1e12:.1f} TFLOP/s, {operations / best / 1e12 / arguments.peak:.3f} of peak"
        )
    return lines


class Step:
    """One update of a network on a prepared batch, as the loop does it without an adversary."""

    def __init__(self, recipe: Recipe, module: nn.Module, fabric: Any) -> None:
        self.objective = Objective(recipe, specification(recipe), None)
        self.fabric = fabric
        self.module, self.optimizer = fabric.setup(module, make_optimizer(recipe, module))

    def __call__(self, seen: torch.Tensor, target: torch.Tensor, base: torch.Tensor | None) -> None:
        output = self.module(seen)
        terms = self.objective.generator(output if base is None else output + base, target)
        self.optimizer.zero_grad()
        self.fabric.backward(torch.stack(list(terms.values())).sum())
        self.optimizer.step()


class BasicSR:
    """Loads as BasicSR's paired data set does: both files are read and decoded for every crop."""

    def __init__(self, recipe: Recipe, files: list[Path], scratch: Path, device: torch.device) -> None:
        self.recipe = recipe
        self.device = device
        self.pairs = []
        for path in files:
            low = scratch / f"{path.stem}.png"
            reference = crop_to_multiple(read_image(path), recipe.scale)
            write_png(low, degrade(reference, recipe.scale, recipe.degradation, "clamp"))
            self.pairs.append((path, low))

    def load(self, iteration: int) -> Batch:
        """A batch of random crops."""
        random = np.random.default_rng(iteration)
        scale, crop = self.recipe.scale, self.recipe.crop
        small = crop // scale
        references, lows = [], []
        for _ in range(self.recipe.batch):
            reference, low = (read_image(path) for path in self.pairs[random.integers(len(self.pairs))])
            top, left = (int(random.integers(side - small + 1)) for side in low.shape[:2])
            part = reference[top * scale : top * scale + crop, left * scale : left * scale + crop]
            references.append(part)
            part = low[top : top + small, left : left + small]
            lows.append(np.pad(part, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="edge"))
        pixels = [
            torch.from_numpy(np.stack(parts)).to(self.device).permute(0, 3, 1, 2)
            for parts in (references, lows)
        ]
        return Batch(pixels[0], pixels[1], None, None)


def in_turn(ways: dict[str, Callable[[], object]], repeats: int, device: torch.device) -> dict[str, float]:
    """The median seconds of each way, called in turn after three calls that are not counted."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(repeats + 3):
        for name, way in ways.items():
            synchronise(device)
            begin = time.perf_counter()
            way()
            synchronise(device)
            if round_ >= 3:
                times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(part) for name, part in times.items()}


def synchronise(device: torch.device) -> None:
    """Waits for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def multiply_adds(module: nn.Module, seen: torch.Tensor) -> int:
    """The multiply-adds of all convolutions in one forward pass over the batch."""
    total = 0

    def count(layer: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        nonlocal total
        assert isinstance(layer, nn.Conv2d)
        total += output.numel() * layer.weight[0].numel()

    hooks = [one.register_forward_hook(count) for one in module.modules() if isinstance(one, nn.Conv2d)]
    with torch.no_grad():
        module(seen)
    for hook in hooks:
        hook.remove()
    return total


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        raise SystemExit(str(error)) from None
