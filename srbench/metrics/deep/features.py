"""Shared ImageNet backbones: AlexNet, SqueezeNet 1.1, VGG-16 and VGG-19 as torchvision publishes them.

A backbone is loaded once per process and device and serves LPIPS, the feature and Gram distances and the
training losses. Importing this module does not import torch.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from srbench.core.records import Unscorable
from srbench.core.torch_files import TorchHubFile, fill, read_state_dict
from srbench.core.weights import WeightFile, locate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import torch

NetworkName = Literal["alex", "squeeze", "vgg", "vgg19"]

# LPIPS's ScalingLayer: the ImageNet mean and deviation in terms of inputs between -1 and 1.
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_EPSILON = 1e-10  # lpips.normalize_tensor
_BLOCK = 1 << 18  # values that are worked on at once: 1 MiB in float32, about a core's cache


@dataclass(frozen=True)
class Backbone:
    """The convolutional part of a torchvision classifier and the layers that are read from it.

    - `layers` are indices into torchvision's `features`, `channels` the widths there; for VGG-16 they
      are the outputs of the last ReLU before each pooling, as in LPIPS.
    - `smallest` is the shortest side that reaches the last layer.
    - `bytes_per_pixel` is what the features of those layers take in float32, per input pixel.
    - `pulled_as` is what `srbench metrics pull` gets the file by.
    - `standardised` says whether inputs are, as in training; LPIPS v0.0 left that out.
    """

    name: NetworkName
    title: str
    builder: str
    layers: tuple[int, ...]
    channels: tuple[int, ...]
    smallest: int
    bytes_per_pixel: int
    pulled_as: str
    file: WeightFile
    standardised: bool = True

    @property
    def key(self) -> str:
        """What features of an image are kept under: everything but the precision that decides them."""
        return f"{self.file.cached}:{self.standardised}"


def _file(stem: str, sha256: str, mebibytes: float, citation: str) -> TorchHubFile:
    """torchvision publishes the first eight digits of a hash; whole ones are those on which at least nine
    public repositories agree that checked or stated them (November 2026)."""
    return TorchHubFile(
        name=f"torchvision-{stem}",
        sha256=(sha256,),
        homepage="https://pytorch.org/vision/stable/models.html",
        license="BSD-3-Clause (torchvision); trained on ImageNet, whose terms are non-commercial",
        citation=citation,
        url=f"https://download.pytorch.org/models/{stem}-{sha256[:8]}.pth",
        size=round(mebibytes * 2**20),
    )


_VGG_CITATION = "Simonyan and Zisserman, Very deep convolutional networks, ICLR 2015"
ALEX = Backbone(
    name="alex",
    title="AlexNet",
    builder="alexnet",
    layers=(1, 4, 7, 9, 11),
    channels=(64, 192, 384, 256, 256),
    smallest=31,
    bytes_per_pixel=42,
    pulled_as="lpips-alex",
    file=_file(
        "alexnet-owt",
        "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
        233.087,
        "Krizhevsky, One weird trick, arXiv:1404.5997",
    ),
)
SQUEEZE = Backbone(
    name="squeeze",
    title="SqueezeNet 1.1",
    builder="squeezenet1_1",
    layers=(1, 4, 7, 9, 10, 11, 12),
    channels=(64, 128, 256, 384, 384, 512, 512),
    smallest=17,
    bytes_per_pixel=140,
    pulled_as="lpips-squeeze",
    file=_file(
        "squeezenet1_1",
        "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
        4.729,
        "Iandola et al., SqueezeNet, arXiv:1602.07360",
    ),
)
VGG = Backbone(
    name="vgg",
    title="VGG-16",
    builder="vgg16",
    layers=(3, 8, 15, 22, 29),
    channels=(64, 128, 256, 512, 512),
    smallest=16,
    bytes_per_pixel=492,
    pulled_as="lpips-vgg",
    file=_file(
        "vgg16", "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0", 527.796, _VGG_CITATION
    ),
)
VGG19 = Backbone(
    name="vgg19",
    title="VGG-19",
    builder="vgg19",
    layers=(3, 8, 17, 26, 35),
    channels=(64, 128, 256, 512, 512),
    smallest=16,
    bytes_per_pixel=492,
    pulled_as="torchvision-vgg19",
    file=_file("vgg19", "dcbb9e9d", 548.051, _VGG_CITATION),
)
BACKBONES: tuple[Backbone, ...] = (ALEX, SQUEEZE, VGG, VGG19)


class Network:
    """A loaded backbone on a device: images in, unit-length features out.

    `layers` is torchvision's `features` up to the last layer that is read, in evaluation mode and
    without gradients of its own parameters. `half` has them compute in 16 bits; what comes out is `dtype`.
    """

    half = False

    def __init__(
        self, backbone: Backbone, layers: torch.nn.Sequential, device: str, dtype: torch.dtype
    ) -> None:
        import torch

        self.backbone = backbone
        self.device = device
        self.dtype = dtype
        self.layers = layers.to(device=device, dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._shift = torch.tensor(_SHIFT, device=device, dtype=dtype)[:, None, None]
        self._scale = torch.tensor(_SCALE, device=device, dtype=dtype)[:, None, None]

    def images(self, images: Sequence[np.ndarray]) -> torch.Tensor:
        """Images of one size, uint8 H x W x 3, as network inputs: N x 3 x H x W, `channels_last`."""
        import numpy as np
        import torch

        height, width = images[0].shape[:2]
        if min(height, width) < self.backbone.smallest:
            raise Unscorable(
                f"{width}x{height} pixels are too few for {self.backbone.title}: "
                f"a side needs {self.backbone.smallest}"
            )
        pixels = torch.from_numpy(np.stack(images)).to(self.device).permute(0, 3, 1, 2)
        signed = pixels.to(self.dtype) / 127.5 - 1
        return (signed - self._shift) / self._scale if self.backbone.standardised else signed

    def features(self, images: torch.Tensor) -> list[torch.Tensor]:
        """What `backbone.layers` see in network inputs (N x 3 x H x W): N x h x w x C, unit length.

        Each position's channels are divided by their Euclidean norm (plus 1e-10), as LPIPS does.
        """
        return [unit_length(channels_inside(raw)) for raw in self.raw_features(images)]

    def raw_features(self, images: torch.Tensor) -> list[torch.Tensor]:
        """What `backbone.layers` see, N x C x h x w, as the network computes it."""
        import torch

        found = []
        with torch.autocast(images.device.type, torch.float16) if self.half else nullcontext():
            for index, layer in enumerate(self.layers):
                images = layer(images)
                if index in self.backbone.layers:
                    found.append(images.to(self.dtype))
        return found


def channels_inside(raw: torch.Tensor) -> torch.Tensor:
    """N x C x h x w as contiguous N x h x w x C; free where the memory is `channels_last` already."""
    return raw.permute(0, 2, 3, 1).contiguous()


def unit_length(features: torch.Tensor) -> torch.Tensor:
    """Divides the last axis by its Euclidean norm plus 1e-10, in place and block by block."""
    import torch

    rows = features.view(-1, features.shape[-1])
    for block in rows.split(max(1, _BLOCK // rows.shape[1])):
        block /= torch.linalg.vector_norm(block, dim=1, keepdim=True) + _EPSILON  # noqa: PLW2901 - in place
    return features


def sum_dtype(device: torch.device) -> torch.dtype:
    """float64, or float32 on Apple's GPUs, which have no wider type."""
    import torch

    return torch.float32 if device.type == "mps" else torch.float64


def open_network(backbone: Backbone, device: str = "cpu", dtype: torch.dtype | None = None) -> Network:
    """The backbone with its published weights, from this process's cache where it is loaded already.

    `dtype` is float32 unless given. `UserError` where the weights are not here or of another network.
    """
    import torch

    path = locate(backbone.file, command=f"srbench metrics pull {backbone.pulled_as}")
    status = path.stat()
    return _open(backbone, path, (status.st_size, status.st_mtime_ns), device, dtype or torch.float32)


@lru_cache(maxsize=8)
def _open(
    backbone: Backbone,
    path: Path,
    stamp: tuple[int, int],  # noqa: ARG001 - a changed file is another key
    device: str,
    dtype: torch.dtype,
) -> Network:
    layers = bare_layers(backbone)
    state = {
        name.removeprefix("features."): tensor
        for name, tensor in read_state_dict(path).items()
        if name.startswith("features.")
    }
    wanted = layers.state_dict()
    # The published files go on behind the last layer that is read.
    fill(layers, {name: state[name] for name in wanted if name in state}, path, backbone.title)
    return Network(backbone, layers, device, dtype)


def bare_layers(backbone: Backbone) -> torch.nn.Sequential:
    """torchvision's `features` up to the last layer that is read, without values (meta device)."""
    import torch
    import torchvision

    with torch.device("meta"):
        network = getattr(torchvision.models, backbone.builder)(weights=None)
    return network.features[: backbone.layers[-1] + 1].eval().requires_grad_(False)
