"""Compiled inner loops of resampling, luma conversion and squared errors.

Apart from the modules that call them, because compiling needs numba, which takes a while to import.
Sums run in the order of the taps in float64 without fast-math, so that results do not depend on the
machine.
"""

from __future__ import annotations

import numpy as np

from srbench.core.compiled import compiled


@compiled
def _store(values, out, top):  # type: ignore[no-untyped-def]
    if top > 0:
        for j in range(values.size):
            out[j] = min(max(np.floor(values[j] + 0.5), 0.0), top)
    else:
        for j in range(values.size):
            out[j] = values[j]


@compiled
def resample_rows(image, start, column, weight, top, out):  # type: ignore[no-untyped-def]
    """Fills `out` (rows x line) with weighted sums of the rows of `image`; see `srbench.images.resize`.

    They are rounded half up and clamped to 0 … `top`, the greatest value of the type; not where it is 0.
    """
    total = np.empty(image.shape[1])
    for i in range(out.shape[0]):
        total[:] = 0.0
        for k in range(start[i], start[i + 1]):
            factor = weight[k]
            row = image[column[k]]
            for j in range(row.size):
                total[j] += factor * row[j]
        _store(total, out[i], top)


@compiled
def transpose(image):  # type: ignore[no-untyped-def]
    """H x W x C to W x H x C, contiguous."""
    height, width, channels = image.shape
    out = np.empty((width, height, channels), image.dtype)
    for top in range(0, height, 16):
        for j in range(width):
            for i in range(top, min(top + 16, height)):
                for c in range(channels):
                    out[j, i, c] = image[i, j, c]
    return out


@compiled
def round_bytes(values, out):  # type: ignore[no-untyped-def]
    """Fills uint8 `out` with `values` (one axis each), rounded half up and clamped."""
    for j in range(values.size):
        out[j] = np.uint8(min(max(np.floor(values[j] + 0.5), 0.0), 255.0))


@compiled
def add_to_channels(image, plane, gain):  # type: ignore[no-untyped-def]
    """Adds `gain` x `plane` (H x W x 1) to every channel of `image` (H x W x C), in place."""
    height, width, channels = image.shape
    for i in range(height):
        for j in range(width):
            added = gain * plane[i, j, 0]
            for c in range(channels):
                image[i, j, c] += added


@compiled
def rational_luma(image, red, green, blue, offset, divisor, out):  # type: ignore[no-untyped-def]
    """Fills `out` with (weights . RGB + offset) / divisor, rounded half up.

    Exact although in float64: sums are whole numbers below 2^31, and a quotient that is no whole number is
    at least 1 / (2 divisor) > 9e-8 away from one, far more than the rounding of the division.
    """
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = red * np.float64(image[i, j, 0]) + green * np.float64(image[i, j, 1])
            total += blue * np.float64(image[i, j, 2]) + offset
            out[i, j] = np.uint8((2.0 * total + divisor) / (2.0 * divisor))


@compiled
def squared_error(x, y):  # type: ignore[no-untyped-def]
    """The sum of squared differences of two planes of one size."""
    total = 0.0
    for i in range(x.shape[0]):
        row = 0.0
        for j in range(x.shape[1]):
            difference = np.float64(x[i, j]) - np.float64(y[i, j])
            row += difference * difference
        total += row
    return total


@compiled
def filter_png_rows(rows, step, out):  # type: ignore[no-untyped-def]
    """Fills `out` (rows x 1 + line, uint8) with PNG's filtered rows; see `srbench.images.png`.

    `rows` are uint8, `step` the bytes of a pixel.
    """
    length = rows.shape[1]
    above = np.zeros(length, np.uint8)
    filtered = np.empty((3, length), np.uint8)
    for i in range(rows.shape[0]):
        row = rows[i]
        filtered[0] = row
        filtered[0, step:] -= row[: length - step]
        filtered[1] = row - above
        for j in range(step):
            filtered[2, j] = row[j] - (above[j] >> 1)
        for j in range(step, length):
            filtered[2, j] = row[j] - ((np.int32(row[j - step]) + np.int32(above[j])) >> 1)
        best = 0
        least = np.int64(-1)
        for kind in range(3):
            cost = np.int64(0)
            for j in range(length):
                value = np.int32(filtered[kind, j])
                cost += min(value, 256 - value)
            if least < 0 or cost < least:
                best, least = kind, cost
        out[i, 0] = best + 1
        out[i, 1:] = filtered[best]
        above = row
