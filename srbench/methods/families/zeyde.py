"""The dictionary methods: Zeyde, GR, ANR and A+, all on Zeyde's dictionaries of 1024 atoms."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.matlab import read_matlab
from srbench.core.records import UserError
from srbench.methods.authors import Source, authors_file
from srbench.methods.contract import Method, Runtime, Upscaler
from srbench.methods.families.build import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from srbench.core.weights import Tensors, WeightFile
    from srbench.methods.dictionary import Dictionary, Regression

    Build = Callable[[Dictionary, Mapping[str, Any]], Regression]

_ZEYDE = "Zeyde, Elad, Protter: On Single Image Scale-Up Using Sparse-Representations, 2010"
_ANR = "Timofte, De Smet, Van Gool: Anchored Neighborhood Regression, ICCV 2013"
_APLUS = "Timofte, De Smet, Van Gool: A+: Adjusted Anchored Neighborhood Regression, ACCV 2014"
_HOME = "https://github.com/thomas-koehler/SupER"
_FOLDER = (
    "https://raw.githubusercontent.com/thomas-koehler/SupER/d8c6f2e4b26db002ff55bc2beba18639f1d0bb49"
    "/matlab/algorithms/SRAlgorithms/Aplus"
)
_LICENSE = "freely available for research"
_SOURCES = {
    2: Source(
        "0ee0a68b11318341d5f65f206cd888c2bb3fe4ee320e86bc13d61180e1d8fe4a",
        535_620,
        f"{_FOLDER}/conf_Zeyde_1024_finalx2.mat",
    ),
    3: Source(
        "756fac0970d159a976518b522d3105df0313a2cd5ed4342958ea9d78e2e4bb3b",
        949_224,
        f"{_FOLDER}/conf_Zeyde_1024_finalx3.mat",
    ),
    4: Source(
        "29f76ccedbf61f1080bcf8d8e2641557783ddf55c912210a25a290e5305377a2",
        1_503_236,
        f"{_FOLDER}/conf_Zeyde_1024_finalx4.mat",
    ),
}
_APLUS_X2 = Source(
    "e53508060bd15bd4412d8cdc711522a500c31c9995e21b7a18107732bcf62140",
    3_768_885,
    f"{_FOLDER}/Aplus_x2_1024atoms2048nn_5mil.mat",
)


def read_dictionary(scale: int, path: Path) -> Tensors:
    """Zeyde's `conf`: the reduction of the features, and the two dictionaries."""
    try:
        conf = read_matlab(path, "conf")["conf"].item()
        tensors = {name: conf[name] for name in ("V_pca", "dict_lores", "dict_hires")}
        kept = tensors["V_pca"].shape[1]
        shapes = {"V_pca": (36 * scale**2, kept), "dict_lores": (kept, 1024)}
        shapes["dict_hires"] = (9 * scale**2, 1024)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise UserError(f"{path} does not hold Zeyde's `conf` with its dictionaries") from None
    _require(tensors, shapes, path)
    return tensors


def read_projections(scale: int, path: Path) -> Tensors:
    """A+'s 1024 matrices: `projections`, atoms x pixels x features."""
    import numpy as np

    try:
        matrices = read_matlab(path, "Aplus_PPs")["Aplus_PPs"].ravel()
        tensors = {"projections": np.stack([matrix.astype(np.float32) for matrix in matrices])}
        features = tensors["projections"].shape[2]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise UserError(f"{path} does not hold the matrices `Aplus_PPs` of A+") from None
    _require(tensors, {"projections": (1024, 9 * scale**2, features)}, path)
    return tensors


def _require(tensors: Tensors, shapes: Mapping[str, tuple[int, ...]], path: Path) -> None:
    import numpy as np

    for name, shape in shapes.items():
        if tensors[name].shape != shape or not np.isfinite(tensors[name]).all():
            raise UserError(f"{path}: {name} is no array of {shape} finite numbers")


def _open(name: str, weights: tuple[WeightFile, ...], build: Build, runtime: Runtime) -> Upscaler:
    from srbench.methods.running.dictionaries import DictionaryUpscaler

    return DictionaryUpscaler(name, weights, build, runtime.edges)


def _method(
    name: str,
    title: str,
    citation: str,
    build: Build,
    more: tuple[WeightFile, ...] = (),
    scales: tuple[int, ...] = (4, 2, 3),
) -> Method:
    weights = tuple(file for file in _DICTIONARIES if file.scale in scales) + more
    return Method(
        name=name,
        summary=f"{title} (the authors' weights; colours are bicubic)",
        kind="dictionary",
        source=f"{citation}; weights: {_HOME}",
        open=partial(_open, name, weights, build),
        scales=scales,
        weights=weights,
        trained_on="matlab-bicubic-double",
    )


def _zeyde(dictionary: Dictionary, _: Mapping[str, Any]) -> Regression:
    from srbench.methods.dictionary import sparse_coding

    return sparse_coding(dictionary)


def _global(dictionary: Dictionary, _: Mapping[str, Any]) -> Regression:
    from srbench.methods.dictionary import global_regression

    return global_regression(dictionary)


def _anchored(dictionary: Dictionary, _: Mapping[str, Any]) -> Regression:
    from srbench.methods.dictionary import anchored_regression

    return anchored_regression(dictionary)


def _adjusted(dictionary: Dictionary, tensors: Mapping[str, Any]) -> Regression:
    from srbench.methods.dictionary import projected

    return projected(dictionary, tensors["projections"])


_DICTIONARIES = tuple(
    authors_file(
        "zeyde",
        source,
        partial(read_dictionary, scale),
        scale=scale,
        citation=_ZEYDE,
        homepage=_HOME,
        license=_LICENSE,
    )
    for scale, source in _SOURCES.items()
)
_APLUS_FILE = authors_file(
    "a+",
    _APLUS_X2,
    partial(read_projections, 2),
    scale=2,
    citation=_APLUS,
    homepage=_HOME,
    license=_LICENSE,
)

FAMILY = Family(
    methods=(
        _method("zeyde", "Zeyde's sparse coding, three of 1024 atoms a patch", _ZEYDE, _zeyde),
        _method("gr", "global regression on Zeyde's dictionary", _ANR, _global),
        _method("anr", "anchored neighbourhood regression, 40 of 1024 atoms", _ANR, _anchored),
        _method("a+", "A+, 1024 anchors", _APLUS, _adjusted, (_APLUS_FILE,), scales=(2,)),
    ),
)
