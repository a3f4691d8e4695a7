"""Second moments of the neighbourhoods in a steerable pyramid: y y' averaged over all positions.

A sum of products of two bands at a fixed displacement, taken over the image as if its ends were joined,
is a sum over the frequencies of their spectra (Parseval), and these are the image's times real masks. So
the 36 pairs of bands at all displacements of a 3 x 3 neighbourhood come from one pass over the spectrum;
what the joined ends add, the positions on the border, is taken off again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srbench.core.compiled import compiled
from srbench.core.vectors import multiply_add, widest_vectors

FloatArray = NDArray[np.float64]

_REACH = 2  # the largest displacement between two neighbours of the same position
SPATIAL = tuple((y, x) for y in (-1, 0, 1) for x in (-1, 0, 1))
CENTRE = 4
_LANES = 32  # sums kept side by side, so that the compiler vectorises them
_Index = np.uint64  # spares the question whether an index counts from the end


def correlations(spectrum: NDArray[np.complex128], masks: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Sums over an H x W image with joined ends of band a times band b displaced: n x n x 5 x 5.

    Entry (a, b, 2 + y, 2 + x) is the sum of a(p) b(p + (y, x)). The bands' half spectra are `spectrum`,
    H x (W // 2 + 1), times the real `masks`, n x H x (W // 2 + 1), which are zero at half the sampling
    rate.
    """
    height, width = shape
    count, columns = len(masks), spectrum.shape[1]
    # The half that is stored stands for both, but for its column of zero frequency.
    weight = np.full(columns, 2.0 / (height * width))
    weight[0] /= 2
    vertical = 2 * np.pi / height * np.arange(height)
    waves = np.stack([wave(step * vertical) for step in (1, 2) for wave in (np.cos, np.sin)])
    sums = np.zeros((count, count, 1 + len(waves), columns))
    power = weight * (spectrum.real**2 + spectrum.imag**2)
    _add_frequencies(power, masks, waves, sums)
    horizontal = 2 * np.pi / width * np.arange(columns)
    result = np.empty((count, count, 2 * _REACH + 1, 2 * _REACH + 1))
    for y in range(_REACH + 1):
        even = sums[:, :, 2 * y - 1 if y else 0]
        odd = sums[:, :, 2 * y] if y else np.zeros_like(even)
        for x in range(-_REACH, _REACH + 1):
            lower = even @ np.cos(x * horizontal) - odd @ np.sin(x * horizontal)
            both = np.tril(lower) + np.tril(lower, -1).T
            result[:, :, _REACH + y, _REACH + x] = result[:, :, _REACH - y, _REACH - x] = both
    return result


@compiled
def _add_frequencies(power: FloatArray, masks: FloatArray, waves: FloatArray, sums: FloatArray) -> None:
    """sums[a, b, k] (b up to a) = sum over rows of the power of a and b times 1 or a wave, by column."""
    for a in range(masks.shape[0]):
        for b in range(a + 1):
            _add_pair(power, masks[a], masks[b], waves, a == b, sums[a, b])


@compiled
def _add_pair(
    power: FloatArray, first: FloatArray, second: FloatArray, waves: FloatArray, same: bool, sums: FloatArray
) -> None:
    widest_vectors()
    product = np.empty(power.shape[1])
    for row in range(power.shape[0]):
        p, f, s = power[row], first[row], second[row]
        cosine, sine = waves[0, row], waves[1, row]
        plain, even, odd = sums[0], sums[1], sums[2]
        for j in range(power.shape[1]):
            value = p[j] * f[j] * s[j]
            product[j] = value
            plain[j] += value
            even[j] = multiply_add(cosine, value, even[j])
            odd[j] = multiply_add(sine, value, odd[j])
        if same:  # two steps away there is only a band's own value
            cosine, sine = waves[2, row], waves[3, row]
            even, odd = sums[3], sums[4]
            for j in range(power.shape[1]):
                even[j] = multiply_add(cosine, product[j], even[j])
                odd[j] = multiply_add(sine, product[j], odd[j])


def border_products(bands: FloatArray) -> FloatArray:
    """Sums over the border of n x H x W bands with joined ends of the products of all neighbours.

    9 n x 9 n: neighbour `SPATIAL[k]` of band a is number 9 a + k.
    """
    count, height, width = bands.shape
    y = np.concatenate([np.repeat([0, height - 1], width), np.tile(np.arange(1, height - 1), 2)])
    x = np.concatenate([np.tile(np.arange(width), 2), np.repeat([0, width - 1], height - 2)])
    neighbours = np.stack([bands[:, (y + dy) % height, (x + dx) % width] for dy, dx in SPATIAL], axis=1)
    flat = neighbours.reshape(count * len(SPATIAL), -1)
    products: FloatArray = flat @ flat.T
    return products


def inner_products(bands: FloatArray, sums: FloatArray) -> FloatArray:
    """Sums over all positions with a whole neighbourhood of the products of all neighbours, 9 n x 9 n.

    `sums` are the `correlations` of the n x H x W `bands`. Products of neighbours of different bands are
    right where one of the two is a centre.
    """
    count = len(bands)
    steps = np.array(SPATIAL)
    between = _REACH + steps[None, :] - steps[:, None]
    joined = sums[:, :, between[..., 0], between[..., 1]].transpose(0, 2, 1, 3)
    return joined.reshape(9 * count, 9 * count) - border_products(bands)


def parent_products(bands: FloatArray, parents: FloatArray) -> FloatArray:
    """Sums over all inner positions of each parent's pixel times each of its neighbours, parents x 15.

    Those are the centres of all `bands`, the eight others around that of its own band, and itself.
    """
    count, height, width = bands.shape
    centres = [other * height * width for other in range(count)]
    around = [y * width + x for y, x in SPATIAL if y or x]
    offsets = np.array([[*centres, *(own + step for step in around)] for own in centres], np.int64)
    sums = np.zeros((len(parents), offsets.shape[1] + 1, _LANES))
    _add_parents(bands.reshape(-1), parents, offsets, sums)
    return sums.sum(axis=2)


@compiled
def _add_parents(flat: FloatArray, parents: FloatArray, offsets: NDArray[np.int64], sums: FloatArray) -> None:
    """Row by row for all parents, so that a row of a band is fetched from memory once."""
    height, width = parents.shape[1:]
    for i in range(1, height - 1):
        for parent in range(parents.shape[0]):
            row = parents[parent, i, 1 : width - 1]
            for k in range(offsets.shape[1]):
                first = offsets[parent, k] + i * width + 1
                _add_products(row, flat[first : first + width - 2], sums[parent, k])
            _add_products(row, row, sums[parent, offsets.shape[1]])


@compiled
def _add_products(first: FloatArray, second: FloatArray, total: FloatArray) -> None:
    """Adds all products of two rows to `total`, spread over its lanes."""
    widest_vectors()
    lanes, block, count = _Index(_LANES), _Index(4 * _LANES), _Index(first.shape[0])
    whole = count // block * block
    for start in range(_Index(0), whole, block):
        for j in range(lanes):
            a = start + j
            b, c, d = a + lanes, a + _Index(2 * _LANES), a + _Index(3 * _LANES)
            value = multiply_add(first[a], second[a], first[b] * second[b])
            total[j] += value + multiply_add(first[c], second[c], first[d] * second[d])
    last = count // lanes * lanes
    for start in range(whole, last, lanes):
        for j in range(lanes):
            total[j] += first[start + j] * second[start + j]
    for j in range(count - last):
        total[j] += first[last + j] * second[last + j]
