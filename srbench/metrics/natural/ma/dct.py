"""Ma's first feature group: statistics of block DCTs at three scales (18 numbers).

Source: Ma, Yang, Yang and Yang, "Learning a no-reference quality metric for single-image
super-resolution", CVIU 158, 2017, section 3.1, and the authors' `block_dct.m`, `gama_gen_gauss.m`,
`coeff_var_gen_gauss.m` and `oriented{1,2,3}_dct_rho_config3.m`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from srbench.core.compiled import compiled
from srbench.core.vectors import widest_vectors
from srbench.metrics.natural.ma.shapes import shape_table, shapes_of_ratios
from srbench.metrics.natural.pyiqa_numerics import Compatibility

FloatArray = NDArray[np.float64]

_Index = np.uint64  # spares the question whether an index counts from the end

SIZE = 7
STRIDE = 3

# The three orientations of the coefficients (row, column), 16 each; the DC coefficient has none.


def _orientations() -> NDArray[np.int64]:
    """Orientation (0, 1, 2) of each of the 7 x 7 coefficients; -1 for DC."""
    result = np.ones((SIZE, SIZE), np.int64)
    for row, spread in ((0, range(1, 7)), (1, range(2, 7)), (2, range(4, 7)), (3, range(5, 7))):
        for column in spread:
            result[row, column] = 0
            result[column, row] = 2
    result[0, 0] = -1
    return result


_ORIENTATIONS = _orientations()
_FREQUENCY = np.arange(SIZE)[:, None]
_BASIS = np.sqrt(2 / SIZE) * np.cos(np.pi * (2 * np.arange(SIZE) + 1) * _FREQUENCY / (2 * SIZE))
_BASIS[0] /= np.sqrt(2)


def dct_features(image: FloatArray, compatibility: Compatibility) -> FloatArray:
    """The six statistics of one scale: of `image`, H x W, 0 to 1.

    Mean shape of the lowest tenth of the blocks and of all, mean coefficient of variation of the highest
    tenth and of all, mean variance across orientations of the highest tenth and of all.
    """
    official = compatibility == "official"
    rows, columns = -(-image.shape[0] // STRIDE), -(-image.shape[1] // STRIDE)
    # MATLAB's blkproc puts a border of 2 around blocks of 3 x 3; pyiqa centres the 7 x 7 blocks.
    top = 2 if official or image.shape[0] % STRIDE != 1 else 3
    left = 2 if official or image.shape[1] % STRIDE != 1 else 3
    padded = np.zeros((rows * STRIDE + SIZE - STRIDE, columns * STRIDE + SIZE - STRIDE))
    padded[top : top + image.shape[0], left : left + image.shape[1]] = image
    table = shape_table(compatibility)
    statistics = np.empty((rows, 3, columns))
    _block_statistics(padded, _BASIS, _ORIENTATIONS.ravel(), table, official, statistics)
    shapes, variations, orientations = statistics.transpose(1, 0, 2).reshape(3, -1)
    count = shapes.size
    lowest = math.ceil(0.1 * count) + (0 if official else 1)
    highest = count - math.floor(0.9 * count) + (1 if official else 0)
    return np.array(
        [
            _mean_of_lowest(shapes, lowest),
            shapes.mean(),
            -_mean_of_lowest(-variations, highest),
            variations.mean(),
            -_mean_of_lowest(-orientations, highest),
            orientations.mean(),
        ]
    )


def _mean_of_lowest(values: FloatArray, count: int) -> float:
    count = min(count, values.size)
    return float(np.partition(values, count - 1)[:count].mean())


@compiled
def _block_statistics(
    padded: FloatArray,
    basis: FloatArray,
    orientations: NDArray[np.int64],
    table: FloatArray,
    official: bool,
    statistics: FloatArray,
) -> None:
    """Shape, coefficient of variation and variance across orientations of every block, a row at a time.

    The coefficients of a row of blocks are kept as 49 rows with one value per block, so that every step
    is a loop over blocks that the compiler vectorises.
    """
    columns = statistics.shape[2]
    vertical = np.empty((SIZE, padded.shape[1]))
    phases = np.empty((SIZE, columns))
    coefficients = np.empty((SIZE * SIZE, columns))
    folded = np.empty((SIZE, padded.shape[1]))
    for i in range(statistics.shape[0]):
        _dct_of_rows(padded[i * STRIDE : i * STRIDE + SIZE], basis, folded, vertical)
        for u in range(SIZE):
            for c in range(SIZE):
                phase, row = phases[c], vertical[u]
                for j in range(_Index(columns)):
                    phase[j] = row[j * _Index(STRIDE) + _Index(c)]
            _dct_of_rows(phases, basis, folded, coefficients[u * SIZE : u * SIZE + SIZE])
        _row_statistics(coefficients, orientations, table, official, statistics[i])


@compiled
def _dct_of_rows(rows: FloatArray, basis: FloatArray, folded: FloatArray, result: FloatArray) -> None:
    """result[v] = sum over r of basis[v, r] * rows[r], by the symmetry of the basis."""
    widest_vectors()
    width = rows.shape[1]
    for r in range(3):
        for j in range(width):
            folded[r, j] = rows[r, j] + rows[6 - r, j]
            folded[r + 3, j] = rows[r, j] - rows[6 - r, j]
    for v in range(SIZE):
        b0, b1, b2, b3 = basis[v, 0], basis[v, 1], basis[v, 2], basis[v, 3]
        if v % 2 == 0:
            for j in range(width):
                result[v, j] = b0 * folded[0, j] + b1 * folded[1, j] + b2 * folded[2, j] + b3 * rows[3, j]
        else:
            for j in range(width):
                result[v, j] = b0 * folded[3, j] + b1 * folded[4, j] + b2 * folded[5, j]


@compiled
def _row_statistics(
    coefficients: FloatArray,
    orientations: NDArray[np.int64],
    table: FloatArray,
    official: bool,
    statistics: FloatArray,
) -> None:
    widest_vectors()
    columns = coefficients.shape[1]
    sums = np.zeros((4, columns))  # of magnitudes by orientation, of values
    squares = np.zeros((4, columns))  # of deviations of magnitudes by orientation, of values
    magnitudes = np.zeros(columns)  # of deviations of values
    means, ratios = np.empty(columns), np.empty(columns)
    for k in range(1, SIZE * SIZE):
        group = orientations[k]
        for j in range(columns):
            sums[group, j] += abs(coefficients[k, j])
            sums[3, j] += coefficients[k, j]
    for j in range(columns):
        means[j] = sums[3, j] / 48
    for k in range(1, SIZE * SIZE):
        group = orientations[k]
        for j in range(columns):
            spread = abs(coefficients[k, j]) - sums[group, j] / 16
            squares[group, j] += spread * spread
            deviation = coefficients[k, j] - means[j]
            squares[3, j] += deviation * deviation
            magnitudes[j] += abs(deviation)
    for j in range(columns):
        ratios[j] = squares[3, j] / 47 / ((magnitudes[j] / 48) ** 2 + 1e-7)
        mean = (sums[0, j] + sums[1, j] + sums[2, j]) / 48
        spread = 0.0
        for group in range(3):
            spread += squares[group, j] + 16 * (sums[group, j] / 16 - mean) ** 2
        statistics[1, j] = np.sqrt(spread / 47) / (mean + 1e-7)
        a = np.sqrt(squares[0, j] / 15) / (sums[0, j] / 16 + 1e-8)
        b = np.sqrt(squares[1, j] / 15) / (sums[1, j] / 16 + 1e-8)
        c = np.sqrt(squares[2, j] / 15) / (sums[2, j] / 16 + 1e-8)
        centre = (a + b + c) / 3
        statistics[2, j] = ((a - centre) ** 2 + (b - centre) ** 2 + (c - centre) ** 2) / 2
    shapes_of_ratios(ratios, table, official, np.empty(columns, np.uint64), statistics[0])
