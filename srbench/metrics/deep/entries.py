"""The entries of the metrics that stand on ImageNet networks: LPIPS, Net-F and the Gram distance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srbench.metrics.contract import Metric, View
from srbench.metrics.deep.features import ALEX, SQUEEZE, VGG, Backbone
from srbench.metrics.deep.gram import GramDistance
from srbench.metrics.deep.lpips import FeatureDistance, Release
from srbench.statistics.intervals import DISTANCE

_WHOLE = "of the whole image, no border crop"


def _lpips(backbone: Backbone, release: Release = "v0.1") -> Metric:
    first = release == "v0.0"
    return _distance(
        backbone,
        f"lpips-{backbone.name}{'-v0.0' if first else ''}",
        f"LPIPS {release}",
        f"Zhang et al., CVPR 2018, equation 1; linear weights {release} of its repository",
        FeatureDistance(
            replace(backbone, standardised=not first), linear=True, patches=True, release=release
        ),
        f"{_WHOLE}; the tsrn protocol takes the mean over 64x64 patches of the centre crop"
        + ("; the release of January 2018, which did not standardise its inputs" if first else ""),
        modules=("lpips",),
    )


def _lpips_first(backbone: Backbone) -> Metric:
    return _lpips(backbone, "v0.0")


def _gram(backbone: Backbone) -> Metric:
    return _distance(
        backbone,
        f"gram-{backbone.name}",
        "Gram distance",
        "TSRN (Gondal et al., ECCVW 2018), equation 5, Net-G",
        GramDistance(backbone),
        f"{_WHOLE}; unit-length features, Gram matrices divided by the number of positions",
    )


def _features(backbone: Backbone) -> Metric:
    return _distance(
        backbone,
        f"feat-{backbone.name}",
        "Feature distance",
        "Zhang et al., CVPR 2018, without linear weights; Net-F of TSRN (Gondal et al., ECCVW 2018)",
        FeatureDistance(backbone, linear=False),
        _WHOLE,
    )


def _distance(
    backbone: Backbone,
    name: str,
    title: str,
    source: str,
    compute: Callable[[View, View], float],
    note: str,
    *,
    modules: tuple[str, ...] = (),
) -> Metric:
    return Metric(
        name=name,
        title=f"{title} ({backbone.title})",
        unit="",
        higher_is_better=False,
        needs_reference=True,
        source=source,
        compute=compute,
        weights=(backbone.file,),
        bounds=DISTANCE,
        modules=modules,
        note=note,
    )


METRICS: tuple[Metric, ...] = tuple(
    entry(backbone) for entry in (_lpips, _gram, _features, _lpips_first) for backbone in (ALEX, SQUEEZE, VGG)
)
