"""The method `example-box`: every pixel becomes a box of its colour.

The record is what the entry point names; what needs heavy imports happens in `open`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.methods.contract import Method, Runtime, Upscaler

if TYPE_CHECKING:
    import numpy as np

    from srbench.core.records import Sample


def open_box(runtime: Runtime) -> Upscaler:
    """The upscaler: uint8 pixels in, uint8 out; a network would go to `runtime.device` here."""

    def upscale(sample: Sample) -> np.ndarray:
        scale = sample.pair.scale
        return sample.low_resolution.repeat(scale, axis=0).repeat(scale, axis=1)

    return upscale


BOX = Method(
    name="example-box",
    summary="every pixel becomes a box (example of a plugin)",
    kind="model",
    source="tests/plugin_example",
    open=open_box,
)
