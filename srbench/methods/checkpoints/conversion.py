"""From published checkpoints to the tensors of our networks: which names mean which layers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from srbench.records import UserError

if TYPE_CHECKING:
    from srbench.methods.specification import NetworkSpec
    from srbench.weights import Tensors

Renaming = Callable[["Tensors"], "Tensors"]
Rules = tuple[tuple[str, str], ...]

VDSR_RULES: Rules = (
    (r"input\.", "head."),
    (r"residual_layer\.(\d+)\.conv\.", r"body.\1."),
    (r"output\.", "tail."),
)


def converter(spec: NetworkSpec, *renamings: Renaming) -> Callable[[Path], Tensors]:
    """What turns a published file into the tensors of `spec`'s network: read, rename, check every one."""

    def convert(path: Path) -> Tensors:
        from srbench.methods.checkpoints.fitting import fitted

        tensors = read_any(path)
        for rename in renamings:
            tensors = rename(tensors)
        return fitted(tensors, spec, path.name)

    return convert


def read_any(path: Path) -> Tensors:
    """The named tensors of a checkpoint of any supported format, recognised by its content."""
    try:
        with path.open("rb") as stream:
            start = stream.read(16)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error})") from None
    if len(start) > 8 and start[8:9] == b"{":
        from srbench.weights import load

        return load(path)[0]
    from srbench.methods.checkpoints.tensorflow1 import read_checkpoint

    return read_checkpoint(path)


def renamed(tensors: Tensors, rules: Rules) -> Tensors:
    """Each name by the first rule whose pattern matches its beginning; others stay as they are."""
    result = {}
    for name, tensor in tensors.items():
        for pattern, replacement in rules:
            if re.match(pattern, name):
                name = re.sub(rf"^(?:{pattern})", replacement, name, count=1)  # noqa: PLW2901
                break
        result[name] = tensor
    return result


def vdsr_names(tensors: Tensors) -> Tensors:
    """twtygqyy/pytorch-vdsr: `input`, `residual_layer.N.conv`, `output`."""
    return renamed(tensors, VDSR_RULES)


def lapsrn_names(tensors: Tensors) -> Tensors:
    """twtygqyy/pytorch-LapSRN: one name per level, convolutions at the even places of a sequence."""
    rules: list[tuple[str, str]] = [(r"conv_input\.", "head.")]
    for level in range(3):
        old, new = f"{level + 1}", f"levels.{level}"
        sequence = rf"convt_F{old}\.0\.cov_block"
        rules += [(rf"{sequence}\.{2 * place}\.", f"{new}.body.{place}.") for place in range(10)]
        rules += [
            (rf"{sequence}\.20\.", f"{new}.up_features."),
            (rf"convt_I{old}\.", f"{new}.up_image."),
            (rf"convt_R{old}\.", f"{new}.residual."),
        ]
    return renamed(tensors, tuple(rules))


def enhancenet_names(tensors: Tensors) -> Tensors:
    """The authors' TensorFlow checkpoint: `generator/Conv_N/{weights,biases}` in order, HWIO."""
    blocks = [f"blocks.{block}.{layer}" for block in range(10) for layer in ("first", "second")]
    layers = ["head", *blocks, "up_first", "up_second", "merge", "tail"]
    names = {}
    for place, layer in enumerate(layers):
        scope = f"generator/Conv_{place}" if place else "generator/Conv"
        names[f"{scope}/weights"] = f"{layer}.weight"
        names[f"{scope}/biases"] = f"{layer}.bias"
    return {names.get(name, name): _outputs_first(tensor) for name, tensor in tensors.items()}


def _outputs_first(tensor: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(tensor.transpose(3, 2, 0, 1)) if tensor.ndim == 4 else tensor


def without_prefix(tensors: Tensors, prefixes: Iterable[str]) -> Tensors:
    """Names without the first of these prefixes that all of them share."""
    for prefix in prefixes:
        if tensors and all(name.startswith(prefix) for name in tensors):
            return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return tensors
