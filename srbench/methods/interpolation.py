"""The methods that need no weights: the reference itself and MATLAB's interpolations."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from srbench.methods.contract import Method, Runtime, Upscaler

if TYPE_CHECKING:
    import numpy as np

    from srbench.core.records import Sample
    from srbench.images.resize import Kernel


def _reference(_: Runtime) -> Upscaler:
    return lambda sample: sample.reference


def _open_kernel(kernel: Kernel, runtime: Runtime) -> Upscaler:
    """MATLAB's enlargement; inputs that were never quantised are floats and rounded once, at the end."""
    from srbench.images.pixels import to_bytes, to_sixteen_bits
    from srbench.images.resize import imresize, imresize_double

    rounded = to_sixteen_bits if runtime.bits == 16 else to_bytes

    def upscale(sample: Sample) -> np.ndarray:
        image, scale = sample.low_resolution, sample.pair.scale
        if image.dtype.kind == "f":
            return rounded(imresize_double(image, scale, kernel=kernel, edges=runtime.edges))
        return imresize(image, scale, kernel=kernel, edges=runtime.edges)

    return upscale


def _interpolation(kernel: Kernel) -> Method:
    name, summary = {
        "box": ("nearest", "nearest neighbour"),
        "cubic": ("bicubic", "bicubic, a = -0.5"),
        "lanczos3": ("lanczos", "Lanczos with three lobes"),
    }[kernel]
    return Method(
        name=name,
        summary=summary,
        kind="interpolation",
        source=f"MATLAB imresize, {kernel} kernel, bit for bit on uint8",
        open=partial(_open_kernel, kernel),
        depths=(8, 16),
        # Scripts that never quantise their inputs enlarge those, too.
        trained_on="matlab-bicubic-double",
    )


INTERPOLATIONS = (
    Method(
        name="hr",
        summary="the reference itself, as an upper bound",
        kind="reference",
        source="SRGAN (Ledig et al., CVPR 2017), Table 2, column HR",
        open=_reference,
        depths=(8, 16),
    ),
    *(_interpolation(kernel) for kernel in ("box", "cubic", "lanczos3")),
)
