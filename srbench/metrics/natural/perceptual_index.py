"""NIQE, Ma and the perceptual index as metrics: their weight files and registry entries."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.weights import WeightFile, locate
from srbench.metrics.contract import Metric, View
from srbench.statistics.intervals import DISTANCE

if TYPE_CHECKING:
    from srbench.metrics.natural.ma import MaModel
    from srbench.metrics.natural.niqe import NiqeParameters

# The repository from which pyiqa fetches the two files.
_HUB = "https://huggingface.co/chaofengc/IQA-PyTorch-Weights/resolve/main"


def _check_niqe(path: Path) -> None:
    from srbench.metrics.natural.niqe import load_niqe_parameters

    load_niqe_parameters(path)


def _check_ma(path: Path) -> None:
    from srbench.metrics.natural.ma import load_ma_model

    load_ma_model(path)


NIQE_PARAMETERS = WeightFile(
    name="niqe",
    url=f"{_HUB}/niqe_modelparameters.mat",
    sha256=("fa2aa4d12dd9595c3fb6bf8b4e1a15c79d5d1469238d0901c88dead195be578d",),
    size=8347,
    homepage="https://github.com/roimehrez/PIRM2018",
    license="research use (University of Texas at Austin)",
    citation="Mittal et al., Making a 'completely blind' image quality analyzer, IEEE SPL 2013",
    check=_check_niqe,
    suffix=".mat",
)
# No hash of it is published, so any file is taken that holds three whole forests and the linear weights.
MA_MODEL = WeightFile(
    name="ma",
    url=f"{_HUB}/NRQM_model.mat",
    sha256=(),
    homepage="https://github.com/chaoma99/sr-metric",
    license="research use",
    citation="Ma et al., Learning a no-reference quality metric for single-image SR, CVIU 2017",
    check=_check_ma,
    suffix=".mat",
)


@lru_cache(maxsize=2)
def _niqe_parameters(path: Path, _modified: int) -> NiqeParameters:
    from srbench.metrics.natural.niqe import load_niqe_parameters

    return load_niqe_parameters(path)


@lru_cache(maxsize=2)
def _ma_model(path: Path, _modified: int) -> MaModel:
    from srbench.metrics.natural.ma import load_ma_model

    return load_ma_model(path)


def _niqe(output: View, _: View) -> float:
    from srbench.metrics.natural.niqe import niqe

    path = locate(NIQE_PARAMETERS, command="srbench metrics pull niqe")
    parameters = _niqe_parameters(path, path.stat().st_mtime_ns)
    return output.keep("niqe", lambda: niqe(output.luma, parameters))


def _ma(output: View, _: View) -> float:
    from srbench.metrics.natural.ma import ma

    path = locate(MA_MODEL, command="srbench metrics pull ma")
    model = _ma_model(path, path.stat().st_mtime_ns)
    return output.keep("ma", lambda: ma(output.luma, model))


def _perceptual_index(output: View, reference: View) -> float:
    return perceptual_index(_ma(output, reference), _niqe(output, reference))


def perceptual_index(ma: float, niqe: float) -> float:
    """((10 - Ma) + NIQE) / 2 (Blau et al., ECCVW 2018); lower is better.

    It is linear, so the mean of the images' indices is the index of the means, as PIRM computes it,
    where every image has both scores.
    """
    return ((10 - ma) + niqe) / 2


METRICS = (
    Metric(
        name="niqe",
        title="NIQE",
        unit="",
        higher_is_better=False,
        needs_reference=False,
        source="Mittal et al., IEEE SPL 2013, official parameters; on the protocol's luma",
        compute=_niqe,
        weights=(NIQE_PARAMETERS,),
        bounds=DISTANCE,
        note=(
            "coefficients below 1e-10 count as zero, so that flat areas do not take their value from "
            "rounding noise; needs two whole 96x96 blocks"
        ),
    ),
    Metric(
        name="ma",
        title="Ma",
        unit="",
        higher_is_better=True,
        needs_reference=False,
        source="Ma et al., CVIU 2017, quality_predict.m; on the protocol's luma",
        compute=_ma,
        weights=(MA_MODEL,),
    ),
    Metric(
        name="pi",
        title="PI",
        unit="",
        higher_is_better=False,
        needs_reference=False,
        source="((10 - Ma) + NIQE) / 2, PIRM 2018 (Blau et al., ECCVW 2018)",
        compute=_perceptual_index,
        weights=(NIQE_PARAMETERS, MA_MODEL),
        note="its colour handling and border are the protocol's; PIRM's own is --protocol pirm",
    ),
)
