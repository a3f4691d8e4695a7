"""From the options of `srbench train` to a run and its model folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from srbench.core.devices import choose_device
from srbench.core.files import cache_folder
from srbench.core.records import UsageError, UserError
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.folders import data_roots, find_pairs
from srbench.images.names import existing_folder
from srbench.methods.catalogue import METHODS
from srbench.methods.trained import FILE, FOLDER, TrainedFile, is_shipped
from srbench.train.overrides import changed, parse
from srbench.train.recipe import Recipe
from srbench.train.recipes import RECIPES

if TYPE_CHECKING:
    from srbench.methods.contract import Method
    from srbench.train.contract import Report


@dataclass(frozen=True)
class Job:
    """What the command was asked for; see its options."""

    recipe: Recipe
    data: Path | None
    out: Path | None = None
    validation: Path | None = None
    annotations: Path | None = None
    test: tuple[str, ...] = ()
    roots: tuple[Path, ...] = ()
    device: str = "auto"
    devices: int = 1
    precision: str = "auto"
    compiled: bool = False
    install: bool = False
    estimate: bool = False


@dataclass(frozen=True)
class Result:
    """How it ended: lines for the user, the file of weights (None after an estimate), the signal or 0."""

    lines: tuple[str, ...]
    weights: Path | None
    stopped: int
    main: bool
    scores: dict[tuple[str, str, str], float] = field(default_factory=dict)
    hours: float = 0.0


def resolve(name: str, changes: Mapping[str, Any], settings: Iterable[str]) -> Recipe:
    """The recipe of this name with the changes of the command line; None leaves a constant as it is."""
    recipe = RECIPES.get(name)
    given = {field: value for field, value in changes.items() if value is not None}
    return changed(recipe, {**given, **parse(recipe, settings)})


def run(job: Job, report: Report) -> Result:
    """Trains, measures, and writes the model folder."""
    recipe = job.recipe
    if job.data is None:
        raise UsageError("training needs --data DIR, a folder of images")
    if recipe.needs_masks and job.annotations is None:
        raise UsageError(f"{recipe.name} needs --annotations DIR, the pixel maps of COCO-Stuff")
    if job.install:
        _require_known(recipe)
    for name in job.test:
        find_pairs(resolve_dataset(name), recipe.scale, data_roots(list(job.roots)))
    device = choose_device(job.device)
    from srbench.train.cards import export, half, model_name
    from srbench.train.contract import Options
    from srbench.train.initialisation import MODEL, RUNS
    from srbench.train.loop import train
    from srbench.train.networks import specification
    from srbench.train.validation import measure

    scratch = TemporaryDirectory() if job.estimate else None
    out = Path(scratch.name) if scratch else job.out or RUNS / recipe.name
    options = Options(
        data=job.data,
        out=out,
        estimate=job.estimate,
        device=device,
        devices=job.devices,
        precision=job.precision,
        compiled=job.compiled,
        validation=job.validation,
        roots=tuple(data_roots(list(job.roots))),
        **regions_of(recipe, job.annotations),
    )
    finished = train(recipe, options, report)
    if scratch:
        scratch.cleanup()
        return Result((), None, finished.stopped, finished.main)
    if not finished.main:
        return Result((), out, finished.stopped, main=False)
    module = half(finished.module)
    scores = {}
    if job.test and not finished.stopped:
        scores = measure(module, recipe, specification(recipe), list(job.test), list(job.roots), device)
    weights = export(
        out / MODEL,
        out,
        module,
        recipe,
        finished,
        data=job.data.resolve().name,
        scores=scores,
    )
    lines = [f"{dataset} {metric} ({name}): {value:.4f}" for (dataset, name, metric), value in scores.items()]
    if finished.stopped:
        done = finished.progress.iteration
        lines.append(f"stopped and saved at iteration {done}; the same command goes on from there")
    elif job.install:
        target = cache_folder() / FOLDER / model_name(recipe)
        shutil.copytree(weights.parent, target, dirs_exist_ok=True)
        lines.append(f"installed as {model_name(recipe)}: {target / FILE}")
        if is_shipped(model_name(recipe)):
            lines.append(f"it hides the model that ships; delete {target} to have that back")
    hours = finished.progress.seconds / 3600
    return Result(tuple(lines), weights, finished.stopped, main=True, scores=scores, hours=hours)


def _require_known(recipe: Recipe) -> None:
    """`UsageError` where no method takes its weights from what would be installed."""
    from srbench.train.cards import model_name
    from srbench.train.initialisation import MODEL

    name = model_name(recipe)
    method = next((method for method in METHODS if _takes(method, name)), None)
    changed_network = recipe.network != RECIPES.get(recipe.name).network
    if method is None or changed_network or method.refuses(recipe.scale):
        raise UsageError(
            f"--install: no method takes the weights of {name} at {recipe.scale}x; run the result as a file, "
            f"--methods OUT/{MODEL}/{FILE}"
        )


def _takes(method: Method, model: str) -> bool:
    return any(isinstance(file, TrainedFile) and file.model == model for file in method.weights)


def regions_of(recipe: Recipe, annotations: Path | None) -> dict[str, Any]:
    """How a recipe that needs regions reads them, and what identifies their source; else nothing."""
    if not recipe.needs_masks or annotations is None:
        return {}
    from functools import partial

    from srbench.datasets.coco_stuff import REGIONS, read_regions

    maps = sorted(existing_folder(annotations).rglob("*.png"))
    if not maps:
        raise UserError(f"{annotations} holds no COCO-Stuff pixel maps (*.png)")
    digest = sha256()
    for path in maps:
        status = path.stat()
        digest.update(f"{path.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    source = f"coco-stuff:{annotations.resolve()}:{digest.hexdigest()[:16]}"
    return {"masks": partial(read_regions, annotations), "mask_source": source, "regions": REGIONS}
