"""The authors' networks once more, from their files as SciPy reads them, by loops and correlations.

Nothing of the package's readers, conversions or networks is used. Sources: SRCNN.m and FSRCNN.m (replicated
edges at every layer), VDSR_Matconvnet.m (zero padding), and for LapSRN the graph that the file itself holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srbench.core.pulling import sources
from srbench.core.weights import pull
from srbench.images.resize import imresize_double
from srbench.methods.catalogue import METHODS
from tests.helpers import picture
from tests.methods.models import CPU, sample

scipy_io = pytest.importorskip("scipy.io")
ndimage = pytest.importorskip("scipy.ndimage")


def loaded(folder: Path, name: str) -> dict[str, Any]:
    return scipy_io.loadmat(folder / f"{name}.mat", squeeze_me=True, struct_as_record=False)


def correlate(image: np.ndarray, kernel: np.ndarray, mode: str) -> np.ndarray:
    """MATLAB's imfilter and MatConvNet's vl_nnconv: a correlation."""
    return ndimage.correlate(image, kernel, mode=mode)


def srcnn(folder: Path, low: np.ndarray) -> np.ndarray:
    file, image = loaded(folder, "srcnn955_x4"), imresize_double(low, 4)
    first = file["weights_conv1"].reshape(9, 9, -1, order="F")
    maps = [
        np.maximum(correlate(image, first[..., n], "nearest") + file["biases_conv1"][n], 0)
        for n in range(first.shape[2])
    ]
    middle = []
    for n in range(file["weights_conv2"].shape[2]):
        kernels = file["weights_conv2"][..., n]
        total = sum(
            correlate(one, kernel.reshape(5, 5, order="F"), "nearest")
            for one, kernel in zip(maps, kernels, strict=True)
        )
        middle.append(np.maximum(total + file["biases_conv2"][n], 0))
    last = file["weights_conv3"]
    total = sum(
        correlate(one, kernel.reshape(5, 5, order="F"), "nearest")
        for one, kernel in zip(middle, last, strict=True)
    )
    return np.asarray(total + file["biases_conv3"])


def fsrcnn(folder: Path, low: np.ndarray) -> np.ndarray:
    file = loaded(folder, "fsrcnns_x2")
    weights, biases, slopes = file["weights_conv"], file["biases_conv"], file["prelu_conv"]
    maps = [low]
    for layer in range(len(weights) - 1):
        kernels = weights[layer]  # in x size² x out, less sides of 1
        kernels = kernels.reshape(len(maps), -1, np.size(biases[layer]))
        side = round(kernels.shape[1] ** 0.5)
        made = []
        for n, bias in enumerate(np.ravel(biases[layer])):
            total = bias + sum(
                correlate(one, kernels[c, :, n].reshape(side, side, order="F"), "nearest")
                for c, one in enumerate(maps)
            )
            made.append(np.maximum(total, 0) + slopes[layer] * np.minimum(total, 0))
        maps = made
    # deconv.m: every input pixel adds its filter; one replicated pixel around.
    height, width = low.shape
    total = np.zeros((2 * height + 4 + 8, 2 * width + 4 + 8))
    for one, kernel in zip(maps, weights[-1].reshape(81, -1).T, strict=True):
        padded = np.pad(one, 1, mode="edge")
        for i, j in np.ndindex(padded.shape):
            total[2 * i : 2 * i + 9, 2 * j : 2 * j + 9] += padded[i, j] * kernel.reshape(9, 9, order="F")
    return np.asarray(total[6 : 6 + 2 * height, 6 : 6 + 2 * width] + biases[-1])


def vdsr(folder: Path, low: np.ndarray) -> np.ndarray:
    model, image = loaded(folder, "VDSR_Official")["model"], imresize_double(low, 3)
    maps = [image]
    for layer, (weight, bias) in enumerate(zip(model.weight, model.bias, strict=True)):
        kernels = weight.reshape(3, 3, len(maps), -1)
        maps = [
            bias_of + sum(correlate(one, kernels[..., c, n], "constant") for c, one in enumerate(maps))
            for n, bias_of in enumerate(np.ravel(bias))
        ]
        if layer < len(model.weight) - 1:
            maps = [np.maximum(one, 0) for one in maps]
    return np.asarray(maps[0] + image)


def lapsrn(folder: Path, low: np.ndarray) -> np.ndarray:
    """Runs the graph in the file, layer by layer in its order."""
    net = loaded(folder, "LapSRN_x4")["net"]
    params = {param.name: param.value for param in net.params}
    values: dict[str, list[np.ndarray]] = {"LR": [low]}
    for layer in net.layers:
        inputs = [values[name] for name in np.atleast_1d(layer.inputs) if name in values]
        names = [str(name) for name in np.atleast_1d(layer.params)]
        if layer.type == "dagnn.Conv":
            values[layer.outputs] = convolution(inputs[0], *(params[name] for name in names))
        elif layer.type == "dagnn.ReLU":
            values[layer.outputs] = [np.where(one > 0, one, layer.block.leak * one) for one in inputs[0]]
        elif layer.type == "dagnn.ConvTranspose":
            values[layer.outputs] = transposed(inputs[0], layer.block.crop, *(params[name] for name in names))
        elif layer.type == "dagnn.Sum":
            values[layer.outputs] = [sum(parts) for parts in zip(*inputs, strict=True)]
    return np.asarray(values["level1_output"][0])


def convolution(maps: list[np.ndarray], kernels: np.ndarray, bias: np.ndarray) -> list[np.ndarray]:
    kernels = kernels.reshape(3, 3, len(maps), -1)
    return [
        np.ravel(bias)[n] + sum(correlate(one, kernels[..., c, n], "constant") for c, one in enumerate(maps))
        for n in range(kernels.shape[3])
    ]


def transposed(
    maps: list[np.ndarray], crop: np.ndarray, kernels: np.ndarray, bias: np.ndarray | None = None
) -> list[np.ndarray]:
    """vl_nnconvt, doubling: every pixel adds its filter, height x width x out x in; then the crop."""
    side = kernels.shape[0]
    kernels = kernels.reshape(side, side, -1, len(maps))
    height, width = ((length - 1) * 2 + side for length in maps[0].shape)
    top, bottom, left, right = (int(pixels) for pixels in crop)
    made = []
    for n in range(kernels.shape[2]):
        total = np.zeros((height, width))
        for c, one in enumerate(maps):
            for y, x in np.ndindex(side, side):
                total[y : y + 2 * one.shape[0] : 2, x : x + 2 * one.shape[1] : 2] += one * kernels[y, x, n, c]
        total = total[top : height - bottom, left : width - right]
        made.append(total + (0 if bias is None else np.ravel(bias)[n]))
    return made


@pytest.mark.parametrize(
    ("name", "scale", "own"),
    [("srcnn-955", 4, srcnn), ("fsrcnn-s", 2, fsrcnn), ("vdsr", 3, vdsr), ("lapsrn", 4, lapsrn)],
)
def test_a_network_is_what_its_authors_file_says(shared: Path, name: str, scale: int, own: Any) -> None:
    folder = shared / "weights" / "authors"
    method = METHODS.get(name)
    for file, source in sources(name, method.weights, [folder]):
        pull(file, source)
    low = picture(9, 11, seed=4, channels=1).astype(np.float64) + 0.25
    expected = 255 * own(folder, low / 255)
    found = method.open(CPU)(sample(low, scale))
    assert found.shape == expected.shape
    assert expected.std() > 10
    np.testing.assert_allclose(found, np.clip(expected, 0, 255), atol=0.501)
