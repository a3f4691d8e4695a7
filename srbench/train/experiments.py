"""Carries out a paper's ablation as a grid of short trainings: a table with a picture of every row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.devices import choose_device
from srbench.core.files import atomic_file, ready_folder, write_csv, write_text
from srbench.core.records import Pair, UsageError
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.folders import data_roots, find_pairs
from srbench.datasets.samples import load_reference, make_sample
from srbench.images.codec import write_png
from srbench.tables.text import markdown_head, markdown_row
from srbench.train.ablations import Experiment, Row
from srbench.train.grid import Work, train_all
from srbench.train.job import Job, resolve, run
from srbench.train.recipe import completed
from srbench.train.recipes import RECIPES

if TYPE_CHECKING:
    import numpy as np

    from srbench.train.contract import Report
    from srbench.train.recipe import Recipe

TABLE = "table.md"
NUMBERS = "table.csv"
NUMBER_COLUMNS = (
    "experiment", "training", "starts_from", "features", "hours", "dataset", "scale", "protocol", "metric",
    "value", "n", "origin",
)  # fmt: skip
_DONE = "row.json"
_PICTURE = "picture.png"
_REFERENCE = "reference.png"
_SHOWN = 128  # pixels of each side of a picture
# What one row may cost: iterations, and patches where the papers' are too much for a processor.
_BUDGETS: dict[str, dict[str, int]] = {
    "cpu": {"iterations": 500, "batch": 4, "crop": 96},
    "gpu": {"iterations": 50_000},
}


@dataclass(frozen=True)
class Plan:
    """What the command was asked for; the options are those of `srbench train`."""

    experiment: Experiment
    data: Path
    out: Path
    budget: str
    features: str
    test: tuple[str, ...]
    roots: tuple[Path, ...]
    device: str = "auto"
    devices: int = 1
    jobs: int = 1
    precision: str = "auto"


def constants(budget: str) -> dict[str, int]:
    """What a budget changes: `cpu`, `gpu`, or a number of iterations with the recipes' own patches."""
    if budget in _BUDGETS:
        return _BUDGETS[budget]
    if not budget.isdigit() or int(budget) < 1:
        raise UsageError(f"--budget is {', '.join(_BUDGETS)} or a number of iterations, not '{budget}'")
    return {"iterations": int(budget)}


def carry_out(plan: Plan, report: Report) -> Path:
    """Trains and measures every row that is not done yet, in order or `jobs` at a time; returns the table."""
    if plan.jobs > 1 and plan.devices > 1:
        raise UsageError("--jobs trains rows beside each other, --devices one row on several; choose one")
    rows = list(recipes(plan))
    missing = [(row, recipe) for row, recipe in rows if _known(plan, row, recipe) is None]
    _require(plan, [recipe for _, recipe in missing])
    if plan.jobs == 1:
        for row, recipe in missing:
            report.say(f"{row.label}: {recipe.iterations} iterations")
            _train(plan, row, recipe, report)
    elif missing:
        labels = {row.label for row, _ in missing}
        train_all(
            [
                Work(
                    row.label,
                    row.start if row.start in labels else "",
                    recipe.iterations,
                    partial(_train_at, plan, row, recipe),
                )
                for row, recipe in missing
            ],
            plan.jobs,
            report,
        )
    found = {row.label: _known(plan, row, recipe) or {} for row, recipe in rows}
    write_csv(plan.out / NUMBERS, NUMBER_COLUMNS, numbers(plan, found))
    return write_text(plan.out / TABLE, table(plan, found))


def _require(plan: Plan, missing: list[Recipe]) -> None:
    """What a later row would fail at, hours after the first began."""
    from srbench.train.cache import training_files
    from srbench.train.perception import open_features

    if not missing:
        return
    training_files(plan.data)
    choose_device(plan.device)
    ready_folder(plan.out)
    for name, scale in {(name, recipe.scale) for name in plan.test for recipe in missing}:
        _pairs(plan, name, scale)
    for recipe in {recipe.feature_network: recipe for recipe in missing if recipe.needs_features}.values():
        open_features(recipe)


def _known(plan: Plan, row: Row, recipe: Recipe) -> dict[str, Any] | None:
    """What is known of a row that was trained with this recipe."""
    done = plan.out / _folder(row) / _DONE
    known: dict[str, Any] = json.loads(done.read_text(encoding="utf-8")) if done.is_file() else {}
    stored = known.get("recipe")
    return known if stored and completed(stored) == json.loads(json.dumps(recipe.as_dict())) else None


def _train_at(plan: Plan, row: Row, recipe: Recipe, report: Report, place: int) -> None:
    """Trains a row on one of several devices, where there are several."""
    device = choose_device(plan.device)
    if device == "cuda":
        import torch

        device = f"cuda:{place % torch.cuda.device_count()}"
    _train(replace(plan, device=device), row, recipe, report)


def _train(plan: Plan, row: Row, recipe: Recipe, report: Report) -> None:
    known = {"recipe": recipe.as_dict(), **_trained(plan, row, recipe, report)}
    with atomic_file(plan.out / _folder(row) / _DONE) as temporary:
        temporary.write_text(json.dumps(known), encoding="utf-8")


def _trained(plan: Plan, row: Row, recipe: Recipe, report: Report) -> dict[str, Any]:
    folder = plan.out / _folder(row)
    job = Job(
        recipe=recipe, data=plan.data, out=folder, test=plan.test, roots=plan.roots,
        device=plan.device, devices=plan.devices, precision=plan.precision,
    )  # fmt: skip
    result = run(job, report)
    if result.stopped or result.weights is None:
        raise SystemExit(128 + result.stopped)
    if plan.test:
        _picture(plan, recipe, result.weights, folder / _PICTURE)
    scores = {"/".join(key): value for key, value in result.scores.items()}
    # Every image has a score, else there would be no result.
    images = {name: len(_pairs(plan, name, recipe.scale)) for name in plan.test}
    return {"scores": scores, "images": images, "hours": result.hours}


def _pairs(plan: Plan, dataset: str, scale: int) -> list[Pair]:
    return find_pairs(resolve_dataset(dataset), scale, data_roots(list(plan.roots)), inputs="published")


def _picture(plan: Plan, recipe: Recipe, weights: Path, target: Path) -> None:
    """The middle of the first test image as this row enlarges it, and of the reference beside the table."""
    from srbench.core.weights import load
    from srbench.methods.contract import Runtime
    from srbench.methods.networks.specification import load_into
    from srbench.methods.running.inference import NetworkUpscaler
    from srbench.train.networks import specification

    spec = specification(recipe)
    module = spec.build()
    load_into(module, load(weights)[0], str(weights))
    dataset = resolve_dataset(plan.test[0])
    pair = find_pairs(dataset, recipe.scale, data_roots(list(plan.roots)), inputs="made")[0]
    sample = make_sample(pair, load_reference(pair), recipe.degradation, "clamp")
    upscale = NetworkUpscaler(module, spec, Runtime(device=choose_device(plan.device)), target.parent.name)
    write_png(target, _middle(upscale(sample)))
    write_png(plan.out / _REFERENCE, _middle(sample.reference))


def _middle(image: np.ndarray) -> np.ndarray:
    top, left = ((side - _SHOWN) // 2 if side > _SHOWN else 0 for side in image.shape[:2])
    return image[top : top + _SHOWN, left : left + _SHOWN]


def recipes(plan: Plan) -> Iterator[tuple[Row, Recipe]]:
    """The rows with their recipes as they are trained; a row comes after the one that it starts from."""
    rows = {row.label: row for row in plan.experiment.rows}
    for row in rows.values():
        deep = RECIPES.get(row.recipe).needs_features
        start = str(plan.out / _folder(rows[row.start])) if row.start else "none"
        changes: dict[str, Any] = {
            **constants(plan.budget),
            "feature_network": plan.features if deep else None,
            "keep": "last",
        }
        recipe = resolve(row.recipe, changes, [f"start_from={start}", *row.settings])
        # A short training is validated once, at its end.
        yield row, replace(recipe, validate_every=recipe.iterations, checkpoint_every=recipe.iterations)


def table(plan: Plan, found: dict[str, dict[str, Any]]) -> str:
    """The experiment as Markdown: what each row is, what it cost, and its scores."""
    columns = sorted({name for row in found.values() for name in row["scores"]})
    made = constants(plan.budget)
    text = (
        f"# {plan.experiment.name}\n\n{plan.experiment.paper}: {plan.experiment.summary}. Short trainings by "
        f"srbench, not the paper's: {', '.join(f'{name} {value}' for name, value in made.items())} in every "
        f"row, data {plan.data.resolve().name}. Scores are data set / protocol / metric.\n\n"
    )
    text += markdown_head(["training", "starts from", "features", "hours", *columns], left=3)
    rows = {row.label: row for row in plan.experiment.rows}
    for label, known in found.items():
        scores = [f"{known['scores'][name]:.4f}" if name in known["scores"] else "" for name in columns]
        start = rows[label].start or "nothing"
        cells = [label, start, _features(known["recipe"]), f"{known['hours']:.2f}"]
        text += markdown_row([*cells, *scores])
    return text + "\n" + _pictures(plan, [rows[label] for label in found])


def numbers(plan: Plan, found: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows of `table.csv`: a number of a training each, over `n` images."""
    starts = {row.label: row.start for row in plan.experiment.rows}
    for label, known in found.items():
        scale = known["recipe"]["scale"]
        for place, value in known["scores"].items():
            dataset, protocol, metric = place.rsplit("/", 2)
            yield {
                "experiment": plan.experiment.name, "training": label, "starts_from": starts[label],
                "features": _features(known["recipe"]), "hours": known["hours"], "dataset": dataset,
                "scale": scale, "protocol": protocol, "metric": metric, "value": value,
                "n": known.get("images", {}).get(dataset),
                "origin": "trained with srbench",
            }  # fmt: skip


def _pictures(plan: Plan, rows: list[Row]) -> str:
    shown = [(row.label, f"{_folder(row)}/{_PICTURE}") for row in rows]
    shown = [("reference", _REFERENCE), *shown]
    return "".join(f"![{label}]({path} '{label}')\n" for label, path in shown if (plan.out / path).is_file())


def _features(recipe: dict[str, Any]) -> str:
    if not any(term["layers"] for term in recipe["terms"]):
        return "none"
    name = str(recipe["feature_network"])
    return name if name == "vgg19-imagenet" else f"{Path(name).name} (not the paper's)"


def _folder(row: Row) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in row.label.lower()).strip("-")
