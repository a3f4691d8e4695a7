"""From the authors' MATLAB files to the tensors of our networks.

MATLAB's arrays of filters are unrolled column by column; MatConvNet's are height x width x in x out, those of
its transposed convolutions height x width x out x in. Every function gives the tensors under our names and
raises `UserError` where the file holds something else; shapes are compared with the network afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.matlab import read_matlab
from srbench.core.records import UserError

if TYPE_CHECKING:
    import numpy as np

    from srbench.core.weights import Tensors


def _reading(read: Callable[[dict[str, Any]], Tensors]) -> Callable[[Path], Tensors]:
    """`read` with its variables from a file, and one line where they are not what it takes."""

    def of_file(path: Path) -> Tensors:
        variables = read_matlab(path)
        try:
            return read(variables)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            raise UserError(
                f"{path} does not hold these weights: its variables are {', '.join(variables) or 'none'}"
            ) from None

    return of_file


@_reading
def srcnn(variables: dict[str, Any]) -> Tensors:
    """`weights_conv1` 81 x n1, `weights_conv2` n1 x p² x n2, `weights_conv3` n2 x q², `biases_convN`."""
    first, middle, last = (variables[f"weights_conv{layer}"] for layer in (1, 2, 3))
    filters = (first[None], middle, last[:, :, None])
    tensors: Tensors = {}
    for layer, unrolled in enumerate(filters, start=1):
        tensors[f"conv{layer}.weight"] = _filters(unrolled)
        tensors[f"conv{layer}.bias"] = variables[f"biases_conv{layer}"].ravel()
    return tensors


@_reading
def fsrcnn(variables: dict[str, Any]) -> Tensors:
    """Cells `weights_conv` (in x size² x out), `biases_conv`, `prelu_conv` (one slope a layer).

    The last cell is the transposed convolution, 1 x 81 x in.
    """
    import numpy as np

    weights, biases, slopes = (
        list(variables[name].ravel()) for name in ("weights_conv", "biases_conv", "prelu_conv")
    )
    names = ["first_part.0", *(f"mid_part.{2 * layer}" for layer in range(len(weights) - 2))]
    tensors: Tensors = {}
    for name, unrolled, bias, slope in zip(names, weights, biases, slopes, strict=False):
        tensors[f"{name}.weight"] = _filters(unrolled)
        tensors[f"{name}.bias"] = bias.ravel()
        group, _, place = name.rpartition(".")
        tensors[f"{group}.{int(place) + 1}.weight"] = np.full(bias.size, slope.item())
    # A transposed convolution is in x out, where a convolution is out x in.
    tensors["last_part.weight"] = _filters(weights[-1])
    tensors["last_part.bias"] = biases[-1].ravel()
    return tensors


@_reading
def vdsr(variables: dict[str, Any]) -> Tensors:
    """MatConvNet's `model.weight{20}` and `model.bias{20}`."""
    model = variables["model"].item()
    weights, biases = model["weight"].ravel(), model["bias"].ravel()
    names = ["head", *(f"body.{layer}" for layer in range(len(weights) - 2)), "tail"]
    tensors: Tensors = {}
    for name, weight, bias in zip(names, weights, biases, strict=True):
        tensors[f"{name}.weight"] = _outputs_first(weight)
        tensors[f"{name}.bias"] = bias.ravel()
    return tensors


@_reading
def lapsrn(variables: dict[str, Any]) -> Tensors:
    """MatConvNet's `net.params`; the level nearest to the input has the highest number."""
    params = _parameters(variables)
    tensors = _layer("head", params, "input_conv")
    levels = sum(name.endswith("_img_up_f") for name in params)
    for level in range(levels):
        ours, theirs = f"levels.{level}", f"level{levels - level}"
        for place in range(_depth(params, f"{theirs}_conv")):
            tensors |= _layer(f"{ours}.body.{place}", params, f"{theirs}_conv{place + 1}")
        tensors |= _layer(f"{ours}.residual", params, f"{theirs}_residual_conv")
        tensors |= _layer(f"{ours}.up_features", params, f"{theirs}_upconv")
        tensors[f"{ours}.up_image.weight"] = _outputs_first(params[f"{theirs}_img_up_f"])
    return tensors


@_reading
def ms_lapsrn(variables: dict[str, Any]) -> Tensors:
    """The same with one level's parameters for all levels."""
    params = _parameters(variables)
    tensors = _layer("head", params, "input_conv")
    for place in range(_depth(params, "conv")):
        tensors |= _layer(f"body.{place}", params, f"conv{place + 1}")
    tensors |= _layer("residual", params, "residual_conv") | _layer("up_features", params, "upconv")
    tensors["up_image.weight"] = _outputs_first(params["img_up_f"])
    return tensors


def _parameters(variables: dict[str, Any]) -> Tensors:
    entries: Iterable[dict[str, Any]] = variables["net"].item()["params"].ravel()
    return {entry["name"]: entry["value"] for entry in entries}


def _depth(params: Tensors, layers: str) -> int:
    return sum(name.startswith(layers) and name.endswith("_f") for name in params)


def _layer(ours: str, params: Tensors, theirs: str) -> Tensors:
    return {
        f"{ours}.weight": _outputs_first(params[f"{theirs}_f"]),
        f"{ours}.bias": params[f"{theirs}_b"].ravel(),
    }


def _outputs_first(filters: np.ndarray) -> np.ndarray:
    """Height x width x in x out (MATLAB drops trailing sides of 1) to out x in x height x width."""
    return filters.reshape(*filters.shape, *[1] * (4 - filters.ndim)).transpose(3, 2, 0, 1)


def _filters(unrolled: np.ndarray) -> np.ndarray:
    """In x size² x out (MATLAB drops a last side of 1), columns first, to out x in x size x size."""
    inputs, area, outputs = unrolled.reshape(*unrolled.shape, *[1] * (3 - unrolled.ndim)).shape
    size = math.isqrt(area)
    return unrolled.reshape(inputs, size, size, outputs, order="F").transpose(3, 0, 1, 2)
