"""From published checkpoints to the tensors of our networks: which names mean which layers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from srbench.core.weights import Tensors
    from srbench.methods.networks.specification import NetworkSpec

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
        import numpy as np

        from srbench.methods.files.checkpoints.containers import read_tensors
        from srbench.methods.files.checkpoints.fitting import fitted

        tensors = read_tensors(path)
        # Marks instead of tensors go the same way, so that messages can say what the file calls them.
        names = list(tensors)
        marks: Tensors = {name: np.array([place]) for place, name in enumerate(names)}
        for rename in renamings:
            tensors, marks = rename(tensors), rename(marks)
        return fitted(tensors, spec, path.name, {new: names[int(mark[0])] for new, mark in marks.items()})

    return convert


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
    return tensor.transpose(3, 2, 0, 1).copy() if tensor.ndim == 4 else tensor


def tsrn_names(tensors: Tensors) -> Tensors:
    """The authors' names, without the normalisation layers that their networks never use."""
    unused = ("bn1.", "instance_normalization.")
    return {name: tensor for name, tensor in tensors.items() if not name.startswith(unused)}


def srresnet_names(tensors: Tensors) -> Tensors:
    """Lornatang/SRGAN-PyTorch, whose first versions call the outer layers `conv_blockN`."""
    return renamed(tensors, ((r"conv_block([123])\.", r"conv\1."),))


def rrdb_names(tensors: Tensors) -> Tensors:
    """The three generations of RRDB names, to the newest (BasicSR's)."""
    if "model.0.weight" in tensors:
        tensors = renamed(tensors, _first_generation(tensors))
    return {_newest(name): tensor for name, tensor in tensors.items()}


def _first_generation(tensors: Tensors) -> Rules:
    """`model.1.sub.N.RDB1.conv1.0`: layers are numbered, and the last of the trunk is its closing one."""
    places = [name.split(".")[3] for name in tensors if name.startswith("model.1.sub.")]
    close = max((int(place) for place in places if place.isdigit()), default=0)
    return (
        (r"model\.0\.", "conv_first."),
        (rf"model\.1\.sub\.{close}\.", "trunk_conv."),
        (r"model\.1\.sub\.(\d+)\.(RDB\d)\.(conv\d)\.0\.", r"RRDB_trunk.\1.\2.\3."),
        (r"model\.3\.", "upconv1."),
        (r"model\.6\.", "upconv2."),
        (r"model\.8\.", "HRconv."),
        (r"model\.10\.", "conv_last."),
    )


def _newest(name: str) -> str:
    for old, new in (
        ("RRDB_trunk.", "body."),
        ("trunk_conv.", "conv_body."),
        ("upconv1.", "conv_up1."),
        ("upconv2.", "conv_up2."),
        ("HRconv.", "conv_hr."),
    ):
        if name.startswith(old):
            name = new + name.removeprefix(old)
    return re.sub(r"\.RDB(\d)\.", r".rdb\1.", name)
