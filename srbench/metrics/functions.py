"""The metrics as functions of images, for notebooks and validation loops: `srbench.metrics.psnr(out, hr)`.

Images are what `srbench.images.arrays.as_image` takes: paths, PIL images, uint8 arrays (H x W or
H x W x 3), float arrays and tensors in [0, 1] (C x H x W, or N x C x H x W); under a protocol whose name
ends in `-16bit` also files, arrays and tensors of 16 bits, and floats are rounded to these. Of a batch the
value is that of the data set: the mean over its images, of RMSE the root of the mean square.

Every function gives one float, the same as `srbench score` and `srbench run` under the same protocol, and
raises `Unscorable` where there is no value (other sizes, missing weights, an image too small). `protocol`
is a name, a TOML file or a `Protocol` record; `scale` is needed where the protocol's border depends on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from srbench.core.devices import choose_device
from srbench.core.records import Unscorable, UsageError, UserError
from srbench.images.arrays import ImageLike, as_images, as_scale
from srbench.metrics.catalogue import resolve
from srbench.metrics.contract import Metric, View
from srbench.protocol_files import resolve as protocol_of
from srbench.protocols import Protocol
from srbench.statistics.intervals import aggregate

Network = Literal["alex", "squeeze", "vgg"]

_NO_BORDER = 1  # the scale of metrics of whole images, which it does not change


def psnr(
    output: ImageLike, reference: ImageLike, *, protocol: str | Protocol = "srbench", scale: int | None = None
) -> float:
    """Peak signal-to-noise ratio in dB, peak 255; higher is better, infinite for identical images.

    10 log10(255² / MSE) of the protocol's luma, `psnr_y` under every protocol; that of RGB, which `ntire`
    prints, is `measure("psnr_rgb", …)`.
    """
    return measure("psnr_y", output, reference, protocol=protocol, scale=scale)


def ssim(
    output: ImageLike, reference: ImageLike, *, protocol: str | Protocol = "srbench", scale: int | None = None
) -> float:
    """Structural similarity, at most 1; higher is better, 1 for identical images.

    Of Wang et al. (IEEE TIP 2004), 11x11 Gaussian window, on the protocol's luma: `ssim_y` under every
    protocol. The SSIM that `srgan` and `ntire` print are `measure("ssim_daala", …)` and `"ssim_rgb"`.
    """
    return measure("ssim_y", output, reference, protocol=protocol, scale=scale)


def rmse(
    output: ImageLike, reference: ImageLike, *, protocol: str | Protocol = "srbench", scale: int | None = None
) -> float:
    """Root of the mean squared error of the protocol's luma, in grey levels (0 to 255); lower is better.

    Of a batch the root of the mean over images of the MSE (PIRM 2018, Blau et al., ECCVW 2018).
    """
    return measure("rmse_y", output, reference, protocol=protocol, scale=scale)


def niqe(image: ImageLike, *, protocol: str | Protocol = "srbench", scale: int | None = None) -> float:
    """NIQE (Mittal et al., IEEE SPL 2013), official parameters, on the protocol's luma; lower is better.

    The authors' own call of it, without a border and on MATLAB's `rgb2gray`, is `protocol="niqe-release"`.
    """
    return measure("niqe", image, protocol=protocol, scale=scale)


def ma(image: ImageLike, *, protocol: str | Protocol = "srbench", scale: int | None = None) -> float:
    """Ma et al.'s no-reference score for super-resolution (CVIU 2017), about 0 to 10; higher is better."""
    return measure("ma", image, protocol=protocol, scale=scale)


def perceptual_index(
    image: ImageLike, *, protocol: str | Protocol = "srbench", scale: int | None = None
) -> float:
    """((10 - Ma) + NIQE) / 2 (PIRM 2018, Blau et al., ECCVW 2018); lower is better."""
    return measure("pi", image, protocol=protocol, scale=scale)


def lpips(
    output: ImageLike,
    reference: ImageLike,
    *,
    net: Network = "alex",
    version: Literal["v0.1", "v0.0"] = "v0.1",
    protocol: str | Protocol = "srbench",
    device: str = "auto",
) -> float:
    """LPIPS (Zhang et al., CVPR 2018), linear weights; lower is better, 0 for identical images.

    Of whole images without a border crop; under `protocol="tsrn"` the mean over 64x64 patches. `version`
    is that of the published weights: v0.1 (July 2018) unless papers of before it are compared with.
    """
    release = "" if version == "v0.1" else f"-{version}"
    return measure(
        f"lpips-{net}{release}", output, reference, protocol=protocol, scale=_NO_BORDER, device=device
    )


def gram(
    output: ImageLike,
    reference: ImageLike,
    *,
    net: Network = "vgg",
    protocol: str | Protocol = "srbench",
    device: str = "auto",
) -> float:
    """TSRN's Gram distance (Gondal et al., ECCVW 2018, equation 5); lower is better, 0 for identical images.

    Of whole images without a border crop.
    """
    return measure(f"gram-{net}", output, reference, protocol=protocol, scale=_NO_BORDER, device=device)


def measure(
    metric: str | Metric,
    output: ImageLike,
    reference: ImageLike | None = None,
    *,
    protocol: str | Protocol = "srbench",
    scale: int | None = None,
    device: str = "auto",
) -> float:
    """Any metric by its name (`srbench metrics list`); its direction, unit and source are in its entry."""
    accumulated = Accumulated(metric, protocol=protocol, scale=scale, device=device)
    accumulated.update(output, reference)
    return accumulated.compute()


class Accumulated:
    """A metric over many images, for validation loops, in the manner of torchmetrics.

    `update` takes outputs and references as they come, one or a batch at a time; `compute` gives the value
    of all of them so far, `reset` begins anew. `values` holds one entry per image, None where there is no
    value, and `reasons` says why by the image's number.
    """

    def __init__(
        self,
        metric: str | Metric,
        *,
        protocol: str | Protocol = "srbench",
        scale: int | None = None,
        device: str = "auto",
    ) -> None:
        self.metric = resolve(metric) if isinstance(metric, str) else metric
        self.protocol = protocol_of(protocol)
        self.scale = _scale_of(self.metric, self.protocol, scale)
        self.device = choose_device(device)
        self.values: list[float | None] = []
        self.reasons: dict[int, str] = {}

    def reset(self) -> None:
        """Forgets all images."""
        self.values.clear()
        self.reasons.clear()

    def update(self, outputs: ImageLike, references: ImageLike | None = None) -> None:
        """Scores one image or a batch; `references` may be left out where the metric needs none."""
        bits = self.protocol.bits
        made = as_images(outputs, bits)
        wanted: Sequence[np.ndarray | None] = (
            [None] * len(made) if references is None else as_images(references, bits)
        )
        if len(made) != len(wanted):
            raise UsageError(f"{len(made)} outputs but {len(wanted)} references")
        for output, reference in zip(made, wanted, strict=True):
            self._add(output, reference)

    def compute(self) -> float:
        """The mean over images, of RMSE the root of the mean square; `Unscorable` where one has no value."""
        if not self.values:
            raise Unscorable(f"{self.metric.name}: no image was given")
        if self.reasons:
            number, reason = next(iter(self.reasons.items()))
            if len(self.values) == 1:
                raise Unscorable(reason)
            raise Unscorable(
                f"{len(self.reasons)} of {len(self.values)} images have no {self.metric.name}; "
                f"image {number}: {reason}"
            )
        return aggregate([value for value in self.values if value is not None], self.metric.aggregate)

    def _add(self, output: np.ndarray, reference: np.ndarray | None) -> None:
        gray = None if reference is None else reference.ndim == 2
        seen = View(output, self.protocol, self.scale, gray_reference=gray, device=self.device)
        beside = None if reference is None else View(reference, self.protocol, self.scale, device=self.device)
        value = None
        try:
            missing = self.metric.unavailable()
            if missing:
                raise Unscorable(missing)
            value = self.metric.score(seen, beside)
        except (Unscorable, UserError) as error:
            self.reasons[len(self.values)] = str(error)
        self.values.append(value)


def _scale_of(metric: Metric, protocol: Protocol, scale: int | None) -> int:
    if scale is None:
        if protocol.needs_scale:
            raise UsageError(
                f"{metric.name}: the border of the protocol {protocol.name} depends on the scale; "
                "give scale=4, say"
            )
        return 1
    return as_scale(scale)
