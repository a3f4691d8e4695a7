"""Measures images under many conventions: each plane, error map and map of similarities once."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from srbench.core.records import SILENT, Progress, Unscorable
from srbench.studies.explain.conventions import Convention
from srbench.studies.explain.planes import Images, Region, peak, planes, prepared, region
from srbench.studies.explain.similarity import Similarities

K = TypeVar("K", bound=Hashable)
Load = Callable[[str, str], Images]


@dataclass(frozen=True)
class Reading:
    """What one image gives: the mean squared error as a part of the squared peak, its pixels, the SSIM."""

    error: float
    pixels: int
    ssim: float | None


@dataclass(frozen=True)
class Measured:
    """PSNR (dB) and SSIM of all images under a convention; `ssim` is None where it was not asked for."""

    convention: Convention
    psnr: float
    ssim: float | None


def measure(
    sources: Sequence[Load],
    wanted: Iterable[Convention],
    *,
    similar: bool,
    workers: int,
    progress: Progress = SILENT,
) -> list[Measured]:
    """Every convention over all images; those that an image is too small for are left out.

    A source gives the images for the inputs and the upscaler of a convention. `similar` asks for SSIM.
    """
    conventions = list(dict.fromkeys(wanted))

    def of_source(load: Load) -> dict[Convention, Reading]:
        found = _readings(load, conventions, similar=similar)
        progress.advance()
        return found

    with ThreadPoolExecutor(max_workers=workers) as pool:
        by_image = list(pool.map(of_source, sources))
    return [
        _combined(convention, [found[convention] for found in by_image])
        for convention in conventions
        if all(convention in found for found in by_image)
    ]


def _readings(load: Load, conventions: list[Convention], *, similar: bool) -> dict[Convention, Reading]:
    """What one image gives, from the outermost to the innermost: images, planes, displacement, border."""
    found: dict[Convention, Reading] = {}
    for (inputs, upscaler), made in _grouped(conventions, lambda c: (c.inputs, c.upscaler)).items():
        images = load(inputs, upscaler)
        for _, alike in _grouped(made, lambda c: (c.jpeg, c.channels)).items():
            start = prepared(images, alike[0])
            for _, plane in _grouped(alike, partial(_plane_key, start)).items():
                found |= _of_planes(start, plane, similar=similar)
    return found


def _grouped(conventions: Iterable[Convention], key: Callable[[Convention], K]) -> dict[K, list[Convention]]:
    groups: dict[K, list[Convention]] = {}
    for convention in conventions:
        groups.setdefault(key(convention), []).append(convention)
    return groups


def _plane_key(images: Images, convention: Convention) -> tuple[object, ...]:
    gray = convention.gray if images.gray else "any"
    # The daala tools see the cropped image: their dither and chroma depend on where it begins.
    cut = (convention.border, convention.mod_crop, convention.shift) if convention.luma == "daala" else ()
    return convention.luma, convention.rounded, gray, convention.light, cut


def _of_planes(images: Images, conventions: list[Convention], *, similar: bool) -> dict[Convention, Reading]:
    first = conventions[0]
    whole = first.luma != "daala"
    if not whole:
        try:
            images = images.cut(region(images.reference.shape, first))
        except Unscorable:
            return {}
    output, reference = planes(images, first)
    similarities = {first.rounded: Similarities(output, reference)}
    found = {}
    for _, shifted in _grouped(conventions, lambda c: c.shift).items():
        errors = _Errors(output, reference, shifted[0].shift if whole else (0, 0))
        for convention in shifted:
            try:
                place = region(reference.shape, convention if whole else Convention(border=0))
                limit = peak(reference[place.reference], convention)
                ssim = _similarity(images, convention, place, limit, similarities) if similar else None
            except Unscorable:
                continue
            error, pixels = errors.inside(place)
            found[convention] = Reading(error / limit**2, pixels, ssim)
    return found


class _Errors:
    """Squared errors of two planes against a displaced reference, summed inside regions."""

    def __init__(self, output: np.ndarray, reference: np.ndarray, shift: tuple[int, int]) -> None:
        whole = region(reference.shape, Convention(border=0, shift=shift))
        difference = output[whole.output] - reference[whole.reference]
        self._origin = whole.rows.start, whole.columns.start
        self._squares = difference * difference
        self._known: dict[tuple[int, ...], tuple[float, int]] = {}

    def inside(self, place: Region) -> tuple[float, int]:
        """The mean squared error and how many values it is of."""
        rows, columns = place.rows, place.columns
        key = (rows.start, rows.stop, columns.start, columns.stop)
        if key not in self._known:
            top, left = self._origin
            part = self._squares[
                rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
            ]
            self._known[key] = float(part.mean()), part.size
        return self._known[key]


def _similarity(
    images: Images,
    convention: Convention,
    place: Region,
    limit: float,
    known: dict[bool, Similarities],
) -> float:
    kind, rounded = convention.ssim_kind, convention.rounded
    if kind in ("wang-float", "wang-uint8"):
        kind, rounded = "wang", kind == "wang-uint8"
    if convention.shift != (0, 0):
        output, reference = planes(images, replace(convention, rounded=rounded))
        output, reference = output[place.output], reference[place.reference]
        whole = (slice(0, length) for length in reference.shape[:2])
        return Similarities(output, reference).of(kind, limit, *whole)
    if rounded not in known:
        known[rounded] = Similarities(*planes(images, replace(convention, rounded=rounded)))
    return known[rounded].of(kind, limit, place.rows, place.columns)


def _combined(convention: Convention, readings: Sequence[Reading]) -> Measured:
    if convention.average == "images":
        psnr = math.fsum(_decibels(reading.error) for reading in readings) / len(readings)
    else:
        weights = [reading.pixels if convention.pooled else 1 for reading in readings]
        errors = (weight * reading.error for weight, reading in zip(weights, readings, strict=True))
        psnr = _decibels(math.fsum(errors) / sum(weights))
    ssims = [reading.ssim for reading in readings if reading.ssim is not None]
    return Measured(convention, psnr, math.fsum(ssims) / len(ssims) if ssims else None)


def _decibels(error: float) -> float:
    return math.inf if error == 0 else -10 * math.log10(error)
