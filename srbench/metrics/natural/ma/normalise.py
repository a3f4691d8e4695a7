"""Divisive normalisation of a pyramid's bands by a Gaussian scale mixture.

Source: the authors' `norm_sender_normalized.m` (from DIIVINE, after Portilla et al.). Each coefficient is
divided by the square root of y' C^-1 y / N, where y holds its 3 x 3 neighbourhood, the same position in
the parent band (enlarged) and in the five other orientations, and C is the second moment of y.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srbench.core.compiled import compiled
from srbench.metrics.natural.ma.moments import CENTRE, SPATIAL, inner_products, parent_products

FloatArray = NDArray[np.float64]

# y in the order of this program: the six orientations, which all bands have in common, the eight
# neighbours of a band's own, its parent.
_COMMON = 6
_NEIGHBOURS = _COMMON + len(SPATIAL) - 1 + 1
_OWN = tuple(place for place in range(len(SPATIAL)) if place != CENTRE)
# Columns worked on at a time. A constant, as is `_NEIGHBOURS`, so that the compiler can unroll the loops
# over the neighbours and vectorise the one over the columns.
_TILE = 64


def normalised_bands(
    bands: FloatArray, correlations: FloatArray, guard: int, parents: FloatArray | None = None
) -> FloatArray:
    """The six `bands` normalised, 6 x H x W, without 1 + `guard` pixels on every side.

    `correlations` are the bands' (`moments.correlations`), `parents` (up to six planes) those that the
    first bands have, at the same size. The mean is subtracted before the division, over all positions
    with a whole neighbourhood, and after it.
    """
    if parents is None:
        parents = np.empty((0, *bands.shape[1:]))
    moments = _second_moments(bands, correlations, parents)
    whitening = np.zeros((len(bands), _NEIGHBOURS, _NEIGHBOURS))
    regular = True
    for band, moment in enumerate(moments):
        matrix, invertible = _whitening(moment)
        whitening[band, : len(moment), : len(moment)] = matrix
        regular &= invertible
    # N counts a band's own neighbourhood and its parent.
    shares = np.array([1 / (len(moment) - _COMMON + 1) for moment in moments])
    means = bands[:, 1:-1, 1:-1].mean(axis=(1, 2))
    margin = guard + 1
    result = np.empty((len(bands), bands.shape[1] - 2 * margin, bands.shape[2] - 2 * margin))
    _normalise(bands, parents, whitening, regular, shares, means, margin, result)
    result -= result.mean(axis=(1, 2), keepdims=True)
    return result


def _second_moments(bands: FloatArray, correlations: FloatArray, parents: FloatArray) -> list[FloatArray]:
    """Mean of y y' over all positions with a whole neighbourhood, for each band."""
    count = (bands.shape[1] - 2) * (bands.shape[2] - 2)
    products = inner_products(bands, correlations)
    centres = [len(SPATIAL) * band + CENTRE for band in range(len(bands))]
    result = []
    for band in range(len(bands)):
        places = centres + [len(SPATIAL) * band + place for place in _OWN]
        moment = products[np.ix_(places, places)]
        if band < len(parents):
            row = parent_products(bands, parents[band], band)
            moment = np.block([[moment, row[:-1, None]], [row]])
        result.append(moment / count)
    return result


def _whitening(moment: FloatArray) -> tuple[FloatArray, bool]:
    """A lower triangular M with M'M the inverse of `moment`, or else its pseudo-inverse; and which it is."""
    try:
        return np.linalg.inv(np.linalg.cholesky(moment)), True
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(moment)
        # MATLAB's pinv: eigenvalues below this are zero.
        kept = values > len(values) * np.finfo(np.float64).eps * values[-1]
        root = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1)), 0)[:, None] * vectors.T
        upper: FloatArray = np.linalg.qr(root[:, ::-1])[1]
        return upper[::-1, ::-1].copy(), False


@compiled
def _normalise(
    bands: FloatArray,
    parents: FloatArray,
    whitening: FloatArray,
    regular: bool,
    shares: FloatArray,
    means: FloatArray,
    margin: int,
    result: FloatArray,
) -> None:
    """(centre - mean) / sqrt(|whitening y|^2 * share), `margin` inside the image; 0 where y is zero.

    Where all moments are `regular`, the rows of `whitening` for the centres are the same for all bands.
    """
    y = np.zeros(_NEIGHBOURS * _TILE)
    common, total = np.empty(_TILE), np.empty(_TILE)
    for i in range(result.shape[1]):
        for start in range(0, result.shape[2], _TILE):
            count = min(_TILE, result.shape[2] - start)
            column = start + margin
            for band in range(result.shape[0]):
                _load(bands[band, i + margin], column, count, band, y)
            for band in range(result.shape[0]):
                for k in range(len(_OWN)):
                    row = bands[band, i + margin - 1 + _OWN[k] // 3]
                    _load(row, column - 1 + _OWN[k] % 3, count, _COMMON + k, y)
                if band < parents.shape[0]:
                    _load(parents[band, i + margin], column, count, _NEIGHBOURS - 1, y)
                if band == 0 or not regular:
                    _add_common(y, whitening[band].reshape(-1), common)
                _add_own(y, whitening[band].reshape(-1), common, total)
                line = result[band, i, start : start + count]
                for j in range(count):
                    square = total[j] * shares[band]
                    difference = y[band * _TILE + j] - means[band]
                    line[j] = difference / np.sqrt(square) if square > 0.0 else 0.0


@compiled
def _load(row: FloatArray, first: int, count: int, place: int, y: FloatArray) -> None:
    source, target = row[first : first + count], y[place * _TILE : place * _TILE + count]
    for j in range(count):
        target[j] = source[j]


@compiled
def _add_common(y: FloatArray, whitening: FloatArray, total: FloatArray) -> None:
    """total[j] = squared length of the first rows of whitening y, those of the centres alone."""
    for j in range(np.uint64(_TILE)):
        square = 0.0
        for a in range(_COMMON):
            term = 0.0
            for b in range(a + 1):
                term += whitening[a * _NEIGHBOURS + b] * y[np.uint64(b * _TILE) + j]
            square += term * term
        total[j] = square


@compiled
def _add_own(y: FloatArray, whitening: FloatArray, common: FloatArray, total: FloatArray) -> None:
    """total[j] = common[j] + squared length of the other rows of whitening y."""
    for j in range(np.uint64(_TILE)):
        square = common[j]
        for a in range(_COMMON, _NEIGHBOURS):
            term = 0.0
            for b in range(a + 1):
                term += whitening[a * _NEIGHBOURS + b] * y[np.uint64(b * _TILE) + j]
            square += term * term
        total[j] = square
