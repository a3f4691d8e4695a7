"""The entries of the metrics that stand on ImageNet networks: LPIPS, Net-F and the Gram distance."""

from __future__ import annotations

from srbench.metrics.contract import Metric
from srbench.metrics.deep.features import ALEX, SQUEEZE, VGG, Backbone
from srbench.metrics.deep.gram import GramDistance
from srbench.metrics.deep.lpips import FeatureDistance
from srbench.statistics.intervals import DISTANCE

_WHOLE = "of the whole image, no border crop"


def _lpips(backbone: Backbone) -> Metric:
    return Metric(
        name=f"lpips-{backbone.name}",
        title=f"LPIPS ({backbone.title})",
        unit="",
        higher_is_better=False,
        needs_reference=True,
        source="Zhang et al., CVPR 2018, equation 1; v0.1 linear weights of richzhang/PerceptualSimilarity",
        compute=FeatureDistance(backbone, linear=True, patches=True),
        weights=(backbone.file,),
        bounds=DISTANCE,
        modules=("lpips",),
        note=f"{_WHOLE}; the tsrn protocol takes the mean over 64x64 patches of the centre crop",
    )


def _gram(backbone: Backbone) -> Metric:
    return Metric(
        name=f"gram-{backbone.name}",
        title=f"Gram distance ({backbone.title})",
        unit="",
        higher_is_better=False,
        needs_reference=True,
        source="TSRN (Gondal et al., ECCVW 2018), equation 5, Net-G",
        compute=GramDistance(backbone),
        weights=(backbone.file,),
        bounds=DISTANCE,
        note=f"{_WHOLE}; unit-length features, Gram matrices divided by the number of positions",
    )


def _features(backbone: Backbone) -> Metric:
    return Metric(
        name=f"feat-{backbone.name}",
        title=f"Feature distance ({backbone.title})",
        unit="",
        higher_is_better=False,
        needs_reference=True,
        source="Zhang et al., CVPR 2018, without linear weights; Net-F of TSRN (Gondal et al., ECCVW 2018)",
        compute=FeatureDistance(backbone, linear=False),
        weights=(backbone.file,),
        bounds=DISTANCE,
        note=_WHOLE,
    )


METRICS: tuple[Metric, ...] = tuple(
    entry(backbone) for entry in (_lpips, _gram, _features) for backbone in (ALEX, SQUEEZE, VGG)
)
