"""LPIPS (linear, v0.1 and v0.0) and the unweighted feature distance that TSRN calls Net-F.

At every position of five (SqueezeNet: seven) layers the features of both images are brought to unit
length; the squared differences are weighted per channel, summed, averaged over positions and added up
over layers. The weights are those of the `lpips` package, checked by their hash; Net-F weighs all
channels by one. Source: Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual
Metric, CVPR 2018, equation 1; richzhang/PerceptualSimilarity, lpips/lpips.py.

Importing this module does not import torch.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from srbench.core.devices import Batches, measuring
from srbench.core.records import Unscorable, UserError
from srbench.core.text import remark
from srbench.core.torch_files import read_state_dict
from srbench.images.pixels import as_rgb
from srbench.metrics.deep.features import Backbone, Network, open_network, sum_dtype

if TYPE_CHECKING:
    import numpy as np
    import torch

    from srbench.metrics.contract import View

HEAD_SHA256 = {
    "v0.1": {
        "alex": "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
        "squeeze": "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76",
        "vgg": "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
    },
    "v0.0": {
        "alex": "18720f55913d0af89042f13faa7e536a6ce1444a0914e6db9461355ece1e8cd5",
        "squeeze": "c27abd3a0145541baa50990817df58d3759c3f8154949f42af3b59b4e042d0bf",
        "vgg": "b9e4236260c3dd988fc79d2a48d645d885afcbb21f9fd595e6744cf7419b582c",
    },
}
Release = Literal["v0.1", "v0.0"]
PATCH = 64
KEEP_BYTES = 384 * 2**20  # features of one image; larger images are streamed and nothing is kept
_BLOCK = 1 << 18  # values that are compared at once: 1 MiB in float32


@dataclass(frozen=True)
class FeatureDistance:
    """A metric: `lpips-*` of a `release` where `linear`, else Net-F. Lower is better; 0 for identical images.

    Calling it with the views of an output and a reference compares the whole images, without a border
    crop, or TSRN's 64x64 patches where both `patches` and the protocol's `lpips_region` say so.
    """

    backbone: Backbone
    linear: bool
    patches: bool = False
    release: Release = "v0.1"

    def __call__(self, output: View, reference: View) -> float:
        import torch

        network = open_network(self.backbone, reference.device)
        weights = self.weights(network)
        with measuring():
            if self.patches and reference.protocol.lpips_region == "patches-64":
                return _compare_patches(network, weights, output, reference)
            if not fits(network, reference.image):
                return _compare_streamed(network, weights, output, reference)
            try:
                ours, theirs = view_features(network, output), view_features(network, reference)
                return float(sum_layers(ours, theirs, weights))
            except torch.OutOfMemoryError:
                say_streamed(reference)
        torch.cuda.empty_cache()
        with measuring():
            return _compare_streamed(network, weights, output, reference)

    def weights(self, network: Network) -> list[torch.Tensor]:
        """One weight per channel, for each layer."""
        if self.linear:
            return [
                head.to(network.device, network.dtype) for head in linear_heads(self.backbone, self.release)
            ]
        import torch

        return [
            torch.ones(count, device=network.device, dtype=network.dtype) for count in self.backbone.channels
        ]


def sum_layers(
    output: Sequence[torch.Tensor], reference: Sequence[torch.Tensor], weights: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Equation 1 of LPIPS for N pairs: features N x h x w x C per layer, N distances in float64."""
    import torch

    total = torch.zeros(output[0].shape[0], dtype=sum_dtype(output[0].device), device=output[0].device)
    for first, second, weight in zip(output, reference, weights, strict=True):
        total += squared_difference(first, second, weight) / (first.shape[1] * first.shape[2])
    return total


def squared_difference(first: torch.Tensor, second: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Weighted squared differences of N x h x w x C features, summed over positions: N, float64."""
    import torch

    count, channels = first.shape[0], first.shape[-1]
    total = torch.zeros(count, dtype=sum_dtype(first.device), device=first.device)
    first, second = first.reshape(count, -1, channels), second.reshape(count, -1, channels)
    images = max(1, _BLOCK // (first.shape[1] * channels))
    positions = max(1, _BLOCK // (images * channels))
    for n in range(0, count, images):
        for p in range(0, first.shape[1], positions):
            part = (slice(n, n + images), slice(p, p + positions))
            total[part[0]] += (torch.sub(first[part], second[part]).square_() @ weight).sum(
                1, dtype=total.dtype
            )
    return total


def say_streamed(view: View) -> None:
    """Tells the user that a GPU's memory did not hold an image's features."""
    height, width = view.image.shape[:2]
    remark(
        f"the GPU's memory does not hold the features of {width}x{height} pixels at once; going on in strips"
    )


def fits(network: Network, image: np.ndarray) -> bool:
    """Whether this image's features are small enough to be held and kept."""
    return image.shape[0] * image.shape[1] * network.backbone.bytes_per_pixel <= KEEP_BYTES


def view_features(network: Network, view: View) -> list[torch.Tensor]:
    """Unit-length features of the whole image, computed once per view: 1 x h x w x C per layer."""
    key = f"features:{network.backbone.key}:{network.dtype}"
    return view.keep(key, lambda: network.features(network.images([as_rgb(view.image)])))


def _compare_streamed(
    network: Network, weights: Sequence[torch.Tensor], output: View, reference: View
) -> float:
    from srbench.metrics.deep.streaming import stream_features

    totals = [0.0] * len(weights)
    positions = [0] * len(weights)

    def consume(layer: int, strip: torch.Tensor) -> None:
        totals[layer] += float(squared_difference(strip[:1], strip[1:], weights[layer]))
        positions[layer] += strip.shape[1] * strip.shape[2]

    images = network.images([as_rgb(output.image), as_rgb(reference.image)])
    stream_features(network, images, consume)
    return sum(total / count for total, count in zip(totals, positions, strict=True))


def _compare_patches(
    network: Network, weights: Sequence[torch.Tensor], output: View, reference: View
) -> float:
    """The mean over TSRN's patches; batches of them where the features of all are too many to be held."""
    import torch

    ours, theirs = tsrn_patches(as_rgb(output.image)), tsrn_patches(as_rgb(reference.image))
    bytes_of_one = PATCH**2 * network.backbone.bytes_per_pixel
    if len(theirs) * bytes_of_one <= KEEP_BYTES:
        key = f"patches:{network.backbone.key}:{network.dtype}"
        try:
            kept = reference.keep(key, lambda: network.features(network.images(theirs)))
            return float(sum_layers(network.features(network.images(ours)), kept, weights).mean())
        except torch.OutOfMemoryError:
            pass
        torch.cuda.empty_cache()

    def distances(part: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[float]:
        first, second = (network.features(network.images([pair[role] for pair in part])) for role in (0, 1))
        found: list[float] = sum_layers(first, second, weights).tolist()
        return found

    batches = Batches(min(len(theirs), max(1, KEEP_BYTES // bytes_of_one)), remark)
    return statistics.fmean(batches.run(distances, list(zip(ours, theirs, strict=True))))


def tsrn_patches(image: np.ndarray) -> list[np.ndarray]:
    """TSRN's patches (section 6.1): the centre crop v x v cut into 64x64, row by row.

    `v` is the largest multiple of 64 that fits into the shorter side; `image` is H x W x 3.
    """
    height, width = image.shape[:2]
    side = min(height, width) // PATCH * PATCH
    if side == 0:
        raise Unscorable(f"{width}x{height} pixels hold no 64x64 patch")
    top, left = (height - side) // 2, (width - side) // 2
    return [
        image[y : y + PATCH, x : x + PATCH]
        for y in range(top, top + side, PATCH)
        for x in range(left, left + side, PATCH)
    ]


def linear_heads(backbone: Backbone, release: Release = "v0.1") -> tuple[torch.Tensor, ...]:
    """The weights of the `lpips` package, one vector of C float32 per layer.

    `UserError` where the package is missing or its file is not the published one: the package itself
    loads what does not fit without a word.
    """
    from importlib.util import find_spec

    spec = find_spec("lpips")
    if spec is None or not spec.submodule_search_locations:
        raise UserError("the weights of LPIPS come with the package lpips: pip install lpips")
    folder = Path(next(iter(spec.submodule_search_locations))) / "weights" / release
    return _published_heads(folder / f"{backbone.name}.pth", backbone, release)


@lru_cache(maxsize=8)
def _published_heads(path: Path, backbone: Backbone, release: Release) -> tuple[torch.Tensor, ...]:
    from srbench.core.files import file_hash

    if not path.is_file():
        raise UserError(f"{path} is missing from the package lpips: reinstall it")
    if file_hash(path) != HEAD_SHA256[release][backbone.name]:
        raise UserError(
            f"{path} is not the published LPIPS {release} file (its sha256 differs): reinstall lpips"
        )
    return heads_from(read_state_dict(path), backbone, path)


def heads_from(state: dict[str, torch.Tensor], backbone: Backbone, path: Path) -> tuple[torch.Tensor, ...]:
    """The channel weights out of a state dict with `lin0.model.1.weight`, ..., in any number of dtypes."""
    heads = []
    for layer, count in enumerate(backbone.channels):
        head = state.get(f"lin{layer}.model.1.weight")
        if head is None or tuple(head.shape) != (1, count, 1, 1):
            raise UserError(f"{path}: lin{layer} is not a layer of LPIPS for {backbone.title}")
        heads.append(head.reshape(count).float())
    return tuple(heads)
