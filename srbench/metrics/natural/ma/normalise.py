"""Divisive normalisation of a pyramid's bands by a Gaussian scale mixture.

Source: the authors' `norm_sender_normalized.m` (from DIIVINE, after Portilla et al.). Each coefficient is
divided by the square root of y' C^-1 y / N, where y holds its 3 x 3 neighbourhood, the same position in
the parent band (enlarged) and in the five other orientations, and C is the second moment of y.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srbench.core.compiled import compiled
from srbench.core.vectors import multiply_add, widest_vectors
from srbench.metrics.natural.ma.moments import CENTRE, SPATIAL, inner_products, parent_products

FloatArray = NDArray[np.float64]

# y in the order of this program: the six orientations, which all bands have in common, the eight
# neighbours of a band's own, its parent.
_COMMON = 6
_NEIGHBOURS = _COMMON + len(SPATIAL) - 1 + 1
_OWN = tuple(place for place in range(len(SPATIAL)) if place != CENTRE)
# Columns worked on at a time at most, and the number that theirs is filled up to a multiple of: so the
# compiler knows that there is no rest which is not vectorised.
_TILE = 512
_VECTOR = 8
# Tuples whose length the compiler knows: the parents that a band has.
_ONE, _NONE = (0,), ()
_Index = np.uint64  # spares the question whether an index counts from the end


def normalised_bands(
    bands: FloatArray, correlations: FloatArray, guard: int, parents: FloatArray | None = None
) -> FloatArray:
    """The six `bands` normalised, 6 x H x W, without 1 + `guard` pixels on every side.

    `correlations` are the bands' (`moments.correlations`), `parents` (up to six planes) those that the
    first bands have, at the same size. The mean is subtracted before the division, over all positions
    with a whole neighbourhood, and after it. `ValueError` where `guard` rows do not hold a vector.
    """
    if guard * bands.shape[2] < _VECTOR:  # compiled code reads whole vectors from its last places on
        raise ValueError(f"{guard} rows of {bands.shape[2]} are less than a vector of {_VECTOR}")
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
    means = _inner_sums(bands) / ((bands.shape[1] - 2) * (bands.shape[2] - 2))
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
    rows = parent_products(bands, parents)
    for band in range(len(bands)):
        places = centres + [len(SPATIAL) * band + place for place in _OWN]
        moment = products[np.ix_(places, places)]
        if band < len(rows):
            row = rows[band]
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
def _inner_sums(bands: FloatArray) -> FloatArray:
    """The sum of each band without its border."""
    sums = np.empty(bands.shape[0])
    columns = np.empty(bands.shape[2] - 2)
    for band in range(bands.shape[0]):
        columns[:] = 0.0
        for i in range(1, bands.shape[1] - 1):
            row = bands[band, i, 1 : bands.shape[2] - 1]
            for j in range(_Index(columns.shape[0])):
                columns[j] += row[j]
        sums[band] = columns.sum()
    return sums


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
    common, quotients = np.empty(_TILE), np.empty(_TILE)
    flat, flat_parents = bands.reshape(-1), parents.reshape(-1)
    width, size = bands.shape[2], bands.shape[1] * bands.shape[2]
    for i in range(result.shape[1]):
        for start in range(0, result.shape[2], _TILE):
            count = min(_TILE, result.shape[2] - start)
            vectors = -(-count // _VECTOR)
            # What a vector has beyond the last column is of the rows below; the margin has more of them.
            place = (i + margin) * width + margin + start
            for band in range(result.shape[0]):
                own, matrix = band * size + place, whitening[band].reshape(-1)
                if band == 0 or not regular:
                    _add_common(flat, vectors, place, size, matrix, common)
                if band < parents.shape[0]:
                    _divide(
                        flat, flat_parents, vectors, place, size, own, width, matrix, _ONE, means[band],
                        shares[band], common, quotients,
                    )  # fmt: skip
                else:
                    _divide(
                        flat, flat_parents, vectors, place, size, own, width, matrix, _NONE, means[band],
                        shares[band], common, quotients,
                    )  # fmt: skip
                line = result[band, i]
                for j in range(count):
                    line[start + j] = quotients[j]


@compiled
def _add_common(
    flat: FloatArray, vectors: int, place: int, size: int, whitening: FloatArray, total: FloatArray
) -> None:
    """total[j] = squared length of the first rows of whitening y, those of the centres alone."""
    widest_vectors()
    centre, step = _Index(place), _Index(size)
    for j in range(_Index(vectors) * _Index(_VECTOR)):
        square = 0.0
        for a in range(_COMMON):
            term = 0.0
            for b in range(a + 1):
                y = flat[centre + _Index(b) * step + j]
                term = multiply_add(whitening[a * _NEIGHBOURS + b], y, term)
            square = multiply_add(term, term, square)
        total[j] = square


@compiled
def _divide(
    flat: FloatArray,
    parents: FloatArray,
    vectors: int,
    place: int,
    size: int,
    own: int,
    width: int,
    whitening: FloatArray,
    parent: tuple[int, ...],
    mean: float,
    share: float,
    common: FloatArray,
    quotients: FloatArray,
) -> None:
    """quotients[j] = (centre - mean) / sqrt(|whitening y|^2 * share), or 0 where that is no division.

    The first of whitening y, whose squares are in `common`, end with the centres, eight with a band's
    neighbours and the last, where there is a `parent`, with it.
    """
    widest_vectors()
    centre, step, first, row = _Index(place), _Index(size), _Index(own - width - 1), _Index(width)
    middle, last = _Index(own), (_NEIGHBOURS - 1) * _NEIGHBOURS
    for j in range(_Index(vectors) * _Index(_VECTOR)):
        square = common[j]
        for a in range(len(_OWN)):
            line = (_COMMON + a) * _NEIGHBOURS
            term = 0.0
            for b in range(_COMMON):
                term = multiply_add(whitening[line + b], flat[centre + _Index(b) * step + j], term)
            for b in range(a + 1):
                y = flat[first + _Index(_OWN[b] // 3) * row + _Index(_OWN[b] % 3) + j]
                term = multiply_add(whitening[line + _COMMON + b], y, term)
            square = multiply_add(term, term, square)
        for _ in range(len(parent)):
            term = whitening[last + _NEIGHBOURS - 1] * parents[middle + j]
            for b in range(_COMMON):
                term = multiply_add(whitening[last + b], flat[centre + _Index(b) * step + j], term)
            for b in range(len(_OWN)):
                y = flat[first + _Index(_OWN[b] // 3) * row + _Index(_OWN[b] % 3) + j]
                term = multiply_add(whitening[last + _COMMON + b], y, term)
            square = multiply_add(term, term, square)
        square *= share
        quotient = (flat[middle + j] - mean) / np.sqrt(square)
        quotients[j] = quotient if square > 0.0 else 0.0
