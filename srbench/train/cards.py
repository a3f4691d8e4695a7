"""What a trained model is shipped with: half-precision weights, the recipe as resolved, the curve, a card."""

from __future__ import annotations

import json
import shutil
import struct
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.files import atomic_file, file_hash
from srbench.core.records import UserError
from srbench.methods.trained import FILE
from srbench.studies.reported import published
from srbench.train import curves
from srbench.train.perception import IMAGENET, RANDOM
from srbench.train.recipes import RECIPES

if TYPE_CHECKING:
    from torch import nn

    from srbench.train.checkpoints import Progress
    from srbench.train.contract import Finished
    from srbench.train.recipe import Recipe

Scores = dict[tuple[str, str, str], float]

_TOLD = ("start_from", "feature_network", "validate_every", "checkpoint_every")  # elsewhere, or no matter


def export(
    folder: Path,
    run: Path,
    module: nn.Module,
    recipe: Recipe,
    finished: Finished,
    *,
    data: str,
    scores: Scores,
) -> Path:
    """Writes `weights.safetensors`, `recipe.json`, `curve.csv` and `card.md`; returns the weights' path."""
    from safetensors import SafetensorError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = _write_weights(folder / FILE, module, recipe, finished.progress)
        constants = json.dumps(_told(recipe, finished.progress).as_dict(), indent=2)
        (folder / "recipe.json").write_text(constants + "\n", encoding="utf-8")
        if (run / curves.FILE).is_file():
            shutil.copyfile(run / curves.FILE, folder / curves.FILE)
        text = card(recipe, finished, data=data, scores=scores, digest=file_hash(path))
        (folder / "card.md").write_text(text, encoding="utf-8")
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"the model folder {folder} cannot be written ({reason})") from None
    return path


def _told(recipe: Recipe, progress: Progress) -> Recipe:
    """The recipe with the name of what it started from in the place of somebody's path."""
    known = recipe.start_from is None or recipe.start_from in RECIPES
    return recipe if known else replace(recipe, start_from=progress.start.partition(" ")[0])


def model_name(recipe: Recipe) -> str:
    """The name that the result goes by: the paper's with ImageNet's features, another one otherwise."""
    if not recipe.needs_features or recipe.feature_network == IMAGENET:
        return recipe.method
    return f"{recipe.method}-{'random' if recipe.feature_network == RANDOM else 'custom'}"


def half(module: nn.Module) -> nn.Module:
    """The module with its weights rounded to half precision: what the exported file holds, in float32.

    Constants of a network that are not in its file stay as they are.
    """
    rounded = {
        name: tensor.half().to(tensor.dtype) if tensor.is_floating_point() else tensor
        for name, tensor in module.state_dict().items()
    }
    module.load_state_dict(rounded)
    return module


def _write_weights(path: Path, module: nn.Module, recipe: Recipe, progress: Progress) -> Path:
    from safetensors.torch import save

    from srbench import __version__

    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in module.state_dict().items()
    }
    metadata = {
        "name": model_name(recipe),
        "recipe": recipe.name,
        "iterations": str(progress.iteration),
        "start": progress.start,
        "feature_network": recipe.feature_network if recipe.needs_features else "none",
        "srbench": __version__,
    }
    with atomic_file(path) as temporary:
        temporary.write_bytes(with_metadata(save(tensors), metadata))
    return path


def with_metadata(file: bytes, metadata: dict[str, str]) -> bytes:
    """A safetensors file with metadata in the order of their names.

    The library writes them in the order of a hash table, another one in each process, and a file of the same
    weights would have another hash each time.
    """
    (length,) = struct.unpack_from("<Q", file)
    header = {"__metadata__": dict(sorted(metadata.items())), **json.loads(file[8 : 8 + length])}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of eight bytes
    return struct.pack("<Q", len(text)) + text + file[8 + length :]


def card(recipe: Recipe, finished: Finished, *, data: str, scores: Scores, digest: str) -> str:
    """The model card as Markdown."""
    name, progress = model_name(recipe), finished.progress
    kept = (recipe.keep == "best" and progress.best_iteration) or progress.iteration
    copies = ", their smaller copies among them" if recipe.shrink else ""
    lines = [
        f"# {name}",
        "",
        f"{recipe.summary}. Trained with `srbench train {recipe.name}`; not the authors' weights.",
        "",
        f"- Paper: {recipe.paper}",
        f"- Data: {data}, {len(finished.images.entries)} images{copies} (fingerprint "
        f"{finished.images.fingerprint}); "
        f"{recipe.degradation} inputs, {recipe.scale}x",
        f"- Leak check: {finished.leaks}",
        f"- Iterations: {progress.iteration} of {recipe.iterations}, batch {recipe.batch}, "
        f"crop {recipe.crop}; the weights are those of iteration {kept}",
        f"- Time: {progress.seconds / 3600:.2f} hours on {' and '.join(progress.machines)}",
        f"- Weights: half precision, sha256 {digest}",
    ]
    if progress.start:
        lines.append(f"- Start: the weights of {progress.start}, not counted above")
    if recipe.needs_features:
        paper = "the paper's" if recipe.feature_network == IMAGENET else "**not the paper's**"
        lines.append(f"- Feature network: {Path(recipe.feature_network).name} ({paper})")
    changes = changed_constants(recipe)
    if changes:
        lines.append(f"- Other than the recipe's: {', '.join(changes)}")
    if progress.best_iteration:
        of = "" if kept == progress.best_iteration else f" at its best, iteration {progress.best_iteration}"
        lines.append(
            f"- Validation PSNR (Y, protocol srbench) on held-out images{of}: {progress.best:.3f} dB"
        )
    lines += ["", f"What the paper does not give: {recipe.chosen}", ""]
    if scores:
        lines += ["| data set | protocol | metric | measured | paper |", "|---|---|---|---|---|"]
        for (dataset, protocol, metric), value in scores.items():
            known = reported(recipe, dataset, metric)
            lines.append(f"| {dataset} | {protocol} | {metric} | {value:.4f} | {known} |")
        lines.append("")
    return "\n".join(lines)


def changed_constants(recipe: Recipe) -> list[str]:
    """What was trained with and, in brackets, what the paper's recipe has, for each constant that differs."""
    paper, used = RECIPES.get(recipe.name).as_dict(), recipe.as_dict()
    return [
        f"{name} {_short(used[name])} ({_short(paper[name])})"
        for name in used
        if used[name] != paper[name] and name not in _TOLD
    ]


def _short(value: object) -> str:
    return Path(value).name if isinstance(value, str) else str(value)


def reported(recipe: Recipe, dataset: str, metric: str) -> str:
    """The published value of a method with how or where it was measured, empty where none is known."""
    row = published(scale=recipe.scale, dataset=dataset, method=recipe.method, metric=metric)
    return "" if row is None else f"{row.printed} ({row.note.partition(';')[0] or row.paper})"
