"""The list of metrics. To add one: its function and its entry in a module beside this, its name below."""

from __future__ import annotations

from importlib import import_module

from srbench.core.records import UsageError
from srbench.core.registry import Registry
from srbench.metrics.contract import Metric

METRICS: Registry[Metric] = Registry("metric", group="srbench.metrics", record=Metric)
# The words that people type for the field's usual metrics, whatever the protocol.
_ALIASES = {"psnr_y": ("psnr",), "ssim_y": ("ssim",), "rmse_y": ("rmse",), "lpips-alex": ("lpips",)}

for _module in (
    "luma.distortion",
    "natural.perceptual_index",
    "deep.entries",
):
    for _metric in import_module(f"srbench.metrics.{_module}").METRICS:
        METRICS.add(_metric.name, _metric, aliases=_ALIASES.get(_metric.name, ()))


def resolve(name: str) -> Metric:
    """The metric of a name: a registered one, or `pyiqa:<name>` for any metric of pyiqa; those that papers
    print (`srbench.metrics.pyiqa_known`) also without that prefix."""
    from srbench.metrics.pyiqa_bridge import PREFIX, bridge
    from srbench.metrics.pyiqa_known import known_name
    from srbench.metrics.sets.catalogue import SETS

    if name in SETS:
        raise UsageError(f"{name} is of whole sets of images, not of one: srbench sets RUN --metrics {name}")
    if name.startswith(PREFIX):
        return bridge(name.removeprefix(PREFIX))
    if name not in METRICS and (known := known_name(name)):
        return bridge(known)
    return METRICS.get(name)
