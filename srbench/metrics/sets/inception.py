"""The Inception network of 2015 that FID and KID are defined by, as pytorch-fid's published file holds it.

torchvision's Inception v3 has the layers; other than in torchvision, average pooling leaves the padding out
of its means and the last block pools by the maximum, as the TensorFlow graph does. Importing this module does
not import torch.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from srbench.core.devices import measuring
from srbench.core.torch_files import TorchHubFile, fill, read_state_dict
from srbench.core.weights import locate

if TYPE_CHECKING:
    import torch

Resize = Literal["bilinear", "clean"]
SIDE = 299
FEATURES = 2048
FILE = TorchHubFile(
    name="inception-fid",
    sha256=("6726825d",),
    homepage="https://github.com/mseitzer/pytorch-fid",
    license="Apache-2.0 (TensorFlow, pytorch-fid); trained on ImageNet, whose terms are non-commercial",
    citation="Szegedy et al., Rethinking the Inception architecture, CVPR 2016; weights of Heusel et al.",
    url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
    "pt_inception-2015-12-05-6726825d.pth",
)

_Branch = tuple[str | tuple[str, ...], ...]
# What runs one after the other in each branch of a block; a tuple runs side by side. The last branch is
# `branch_pool` behind a 3x3 pooling.
_A: tuple[_Branch, ...] = (
    ("branch1x1",),
    ("branch5x5_1", "branch5x5_2"),
    ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
)
_C: tuple[_Branch, ...] = (
    ("branch1x1",),
    ("branch7x7_1", "branch7x7_2", "branch7x7_3"),
    ("branch7x7dbl_1", "branch7x7dbl_2", "branch7x7dbl_3", "branch7x7dbl_4", "branch7x7dbl_5"),
)
_E: tuple[_Branch, ...] = (
    ("branch1x1",),
    ("branch3x3_1", ("branch3x3_2a", "branch3x3_2b")),
    ("branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b")),
)
# The layers in their order; those without branches run as torchvision has them.
_LAYERS: tuple[tuple[str, tuple[_Branch, ...]], ...] = (
    *((name, ()) for name in ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "maxpool1")),
    *((name, ()) for name in ("Conv2d_3b_1x1", "Conv2d_4a_3x3", "maxpool2")),
    *((name, _A) for name in ("Mixed_5b", "Mixed_5c", "Mixed_5d")),
    ("Mixed_6a", ()),
    *((name, _C) for name in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e")),
    ("Mixed_7a", ()),
    *((name, _E) for name in ("Mixed_7b", "Mixed_7c")),
)
_MAXIMUM = "Mixed_7c"  # pools by the maximum


def features(image: np.ndarray, resize: Resize, device: str = "cpu") -> np.ndarray:
    """What the network's last pooling sees of an image (uint8, H x W x 3): float32, 2048 values.

    "bilinear" is pytorch-fid's input (torch's `interpolate` without antialiasing, then 2 x / 255 - 1),
    "clean" that of clean-fid (Parmar et al., CVPR 2022: PIL's bicubic with antialiasing in floating point,
    clipped to 0 to 255, then (x - 128) / 128). Images go one by one: a value does not depend on others.
    """
    with measuring():
        pixels = _clean(image) if resize == "clean" else _bilinear(image)
        return pooled(open_network(device), pixels.to(device))[0].cpu().numpy()


def _bilinear(image: np.ndarray) -> torch.Tensor:
    import torch

    pixels = torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 255
    inside = torch.nn.functional.interpolate(pixels, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    return 2 * inside - 1


def _clean(image: np.ndarray) -> torch.Tensor:
    import torch
    from PIL import Image

    planes = [Image.fromarray(image[..., channel].astype(np.float32)) for channel in range(3)]
    resized = [np.asarray(plane.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for plane in planes]
    return (torch.from_numpy(np.stack(resized).clip(0, 255))[None] - 128) / 128


def pooled(network: Any, pixels: torch.Tensor) -> torch.Tensor:
    """N x 2048 of N x 3 x 299 x 299 between -1 and 1."""
    for name, branches in _LAYERS:
        layer = getattr(network, name)
        pixels = _block(layer, branches, pixels, maximum=name == _MAXIMUM) if branches else layer(pixels)
    return pixels.mean(dim=(2, 3))


def _block(block: Any, branches: tuple[_Branch, ...], x: torch.Tensor, *, maximum: bool) -> torch.Tensor:
    import torch
    from torch.nn import functional

    outputs = []
    for branch in branches:
        value = x
        for step in branch:
            if isinstance(step, tuple):
                value = torch.cat([getattr(block, name)(value) for name in step], dim=1)
            else:
                value = getattr(block, step)(value)
        outputs.append(value)
    if maximum:
        around = functional.max_pool2d(x, 3, stride=1, padding=1)
    else:
        around = functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
    return torch.cat([*outputs, block.branch_pool(around)], dim=1)


def open_network(device: str = "cpu") -> Any:
    """The network with its published weights, from this process's cache where it is loaded already.

    `UserError` where the weights are not here or of another network.
    """
    path = locate(FILE, command="srbench metrics pull fid")
    status = path.stat()
    return _open(path, (status.st_size, status.st_mtime_ns), device)


@lru_cache(maxsize=2)
def _open(path: Path, stamp: tuple[int, int], device: str) -> Any:  # noqa: ARG001 - a changed file is another key
    import torch

    network = bare_network()
    wanted = network.state_dict()
    counts = {name: torch.tensor(0) for name in wanted if name.endswith("num_batches_tracked")}
    published = read_state_dict(path)
    fill(network, counts | {name: published[name] for name in wanted if name in published}, path, "Inception")
    return network.to(device)


def bare_network() -> Any:
    """torchvision's Inception v3 without its classifier and without values (meta device)."""
    import torch
    import torchvision

    with torch.device("meta"):
        network = torchvision.models.inception_v3(
            weights=None, aux_logits=False, transform_input=False, init_weights=False
        )
    network.fc = torch.nn.Identity()
    return network.eval().requires_grad_(False)
