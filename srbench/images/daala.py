"""The luma that the daala tools measure: `png2y4m` with its defaults, 4:2:0 and dithered.

BT.709, limited range, but of 2 x 2 pixels together: triangular noise from a generator that starts anew
with every image is added at 16 bits, the chroma of the block is rounded to bytes, and a pixel's luma is
the byte that, with this chroma, gives its noisy colour back best. So where colours are saturated a
pixel's luma depends on its neighbours. Integers throughout. Source: the behaviour of xiph/daala,
tools/png2y4m.c (2015), which SRGAN measures with (Ledig et al., CVPR 2017, section 3.1).

Compiled, so it is imported only where it is used.
"""

from __future__ import annotations

import numpy as np

from srbench.core.compiled import compiled

_WORD = 0xFFFFFFFF  # the generator has 32 bits; its numbers are kept in int64, which they never overflow
_SEED = (362436069, 521288629, 123456789, 380116160)

# The largest noise of Y, Cb and Cr, in units in which the conversion to RGB has whole coefficients.
_Y_NOISE, _CB_NOISE, _CR_NOISE = 1_223_320_000, 1_479_548_743, 1_255_654_969
_LEVEL = 9_745_792_000  # a level of 16-bit R, G or B in those units
_RED_BLUE_LEVEL = 8_176_000  # the same where the coefficients have a common divisor
_LUMA_LEVEL = 2_916_394_880_000  # a level of 8-bit Y in those units


def daala_luma(image: np.ndarray) -> np.ndarray:
    """Y of `png2y4m` for an image of uint8, H x W x 3: uint8, H x W, black 16 and white 235."""
    result = np.empty(image.shape[:2], np.uint8)
    _convert(image, result)
    return result


@compiled
def _convert(image, result):  # type: ignore[no-untyped-def]
    height, width, _ = image.shape
    state = _SEED
    for top in range(0, height, 2):
        for left in range(0, width, 2):
            # Four pixels take their noise even where an odd edge leaves fewer; Cb and Cr share the first's.
            state, y0, cb_noise, cr_noise = _noise(state)
            state, y1, _, _ = _noise(state)
            state, y2, _, _ = _noise(state)
            state, y3, _, _ = _noise(state)
            right, below = left + 1 < width, top + 1 < height
            p0 = _noisy(image, top, left, y0, cb_noise, cr_noise)
            p1 = _noisy(image, top, left + 1, y1, cb_noise, cr_noise) if right else p0
            p2 = _noisy(image, top + 1, left, y2, cb_noise, cr_noise) if below else p0
            p3 = p2 if below else p1
            if right and below:
                p3 = _noisy(image, top + 1, left + 1, y3, cb_noise, cr_noise)
            of_chroma = _chroma(p0, p1, p2, p3)
            result[top, left] = _luma(p0, of_chroma)
            if right:
                result[top, left + 1] = _luma(p1, of_chroma)
            if below:
                result[top + 1, left] = _luma(p2, of_chroma)
            if right and below:
                result[top + 1, left + 1] = _luma(p3, of_chroma)


@compiled
def _draw(state):  # type: ignore[no-untyped-def]
    """Marsaglia's KISS of 1999: the next state, and a number below 2^32."""
    z, w, s, c = state
    z = 36969 * (z & 0xFFFF) + (z >> 16)
    w = 18000 * (w & 0xFFFF) + (w >> 16)
    s ^= (s << 17) & _WORD
    s ^= s >> 13
    s ^= (s << 5) & _WORD
    c = (69069 * c + 1234567) & _WORD
    return (z, w, s, c), (((((z << 16) + w) & _WORD) ^ c) + s) & _WORD


@compiled
def _uniform(state, count):  # type: ignore[no-untyped-def]
    """A number below `count`; draws that would favour small ones are repeated."""
    whole = _WORD // count * count
    state, drawn = _draw(state)
    while drawn >= whole:
        state, drawn = _draw(state)
    return state, drawn % count


@compiled
def _triangular(state, largest):  # type: ignore[no-untyped-def]
    state, first = _uniform(state, largest + 1)
    state, second = _uniform(state, largest + 1)
    return state, first - second


@compiled
def _noise(state):  # type: ignore[no-untyped-def]
    """The noise of Y, Cb and Cr that a pixel takes from the generator."""
    state, y = _triangular(state, _Y_NOISE)
    state, cb = _triangular(state, _CB_NOISE)
    state, cr = _triangular(state, _CR_NOISE)
    return state, y, cb, cr


@compiled
def _rounded(value, divisor):  # type: ignore[no-untyped-def]
    """value / divisor, halves away from zero."""
    tie_of_negative = value < 0 and divisor & 1 == 0
    return _floor(value + (divisor >> 1) - tie_of_negative, divisor)


@compiled
def _floor(value, divisor):  # type: ignore[no-untyped-def]
    """value // divisor, for quotients above -2^17: without a sign, division by a constant is faster."""
    return np.int64(np.uint64(value + (divisor << 17)) // np.uint64(divisor)) - (1 << 17)


@compiled
def _noisy(image, i, j, y, cb, cr):  # type: ignore[no-untyped-def]
    """R, G and B of a pixel in 16 bits, with noise; they may leave the range."""
    red = 257 * np.int64(image[i, j, 0]) + _rounded(2 * y + 3 * cr, _RED_BLUE_LEVEL)
    green = 257 * np.int64(image[i, j, 1]) + _rounded(2384 * y + 361 * cb + 1063 * cr, _LEVEL)
    blue = 257 * np.int64(image[i, j, 2]) + _rounded(2 * y + 3 * cb, _RED_BLUE_LEVEL)
    return red, green, blue


@compiled
def _chroma(p0, p1, p2, p3):  # type: ignore[no-untyped-def]
    """What the chroma of four pixels, rounded to bytes, adds to R, G and B."""
    red = p0[0] + p1[0] + p2[0] + p3[0]
    green = p0[1] + p1[1] + p2[1] + p3[1]
    blue = p0[2] + p1[2] + p2[2] + p3[2]
    cb = min(max(_rounded(-29764 * red - 100128 * green + 129892 * blue, 304_016_865), -128), 127)
    cr = min(max(_rounded(110236 * red - 100128 * green - 10108 * blue, 258_011_295), -128), 127)
    return (
        4_490_222_169_144 * cr,
        -534_117_096_223 * cb - 1_334_761_232_047 * cr,
        5_290_866_304_968 * cb,
    )


@compiled
def _luma(pixel, of_chroma):  # type: ignore[no-untyped-def]
    """Y of a noisy pixel: of the two levels around the exact one, that with the smaller error."""
    red = (_LEVEL * pixel[0] - of_chroma[0] + 4096) >> 13
    green = (_LEVEL * pixel[1] - of_chroma[1] + 4096) >> 13
    blue = (_LEVEL * pixel[2] - of_chroma[2] + 4096) >> 13
    exact = _floor(1063 * red + 3576 * green + 361 * blue, 1_780_026_171_875)
    y = min(max(exact, -16), 238)
    below, above = _error(pixel, y, of_chroma), _error(pixel, y + 1, of_chroma)
    if above == below:
        return 16 + y + (y & 1)
    return 16 + y + (above < below)


@compiled
def _error(pixel, y, of_chroma):  # type: ignore[no-untyped-def]
    """Squared error of the colour that Y and chroma give back."""
    red = pixel[0] - _restored(y, of_chroma[0])
    green = pixel[1] - _restored(y, of_chroma[1])
    blue = pixel[2] - _restored(y, of_chroma[2])
    # The tool adds up in 32 bits with a sign; colours far out of gamut exceed them.
    return ((red * red + green * green + blue * blue + 0x80000000) & _WORD) - 0x80000000


@compiled
def _restored(y, of_chroma):  # type: ignore[no-untyped-def]
    return min(max(_floor(_LUMA_LEVEL * y + of_chroma + (_LEVEL >> 1), _LEVEL), 0), 65535)
