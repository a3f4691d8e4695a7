"""From a pair of images to the planes that a convention compares."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from srbench.core.records import Unscorable
from srbench.images.pixels import as_rgb, luma, matlab_gray
from srbench.studies.explain.conventions import Convention

# scikit-image's rgb2gray.
_GRAY709 = np.array([0.2125, 0.7154, 0.0721])
_BT709 = np.array([0.2126, 0.7152, 0.0722]) * 219 / 255
_YIQ = np.array([0.298936021293775, 0.587043074451121, 0.114020904255103])


@dataclass(frozen=True)
class Images:
    """An output and its reference: uint8, H x W or H x W x 3, of one size."""

    name: str
    output: np.ndarray
    reference: np.ndarray

    @property
    def gray(self) -> bool:
        """Whether the reference is a gray file."""
        return self.reference.ndim == 2

    def cut(self, region: Region) -> Images:
        """The part of both that is compared."""
        return Images(self.name, self.output[region.output], self.reference[region.reference])


def prepared(images: Images, convention: Convention) -> Images:
    """The images as a convention starts from them: saved as JPEG, channels in its order."""
    output, reference = images.output, images.reference
    if convention.jpeg:
        output = _as_jpeg(output, convention.jpeg)
    if convention.channels != "rgb":
        output = _swapped(output)
    if convention.channels == "bgr":
        reference = _swapped(reference)
    return Images(images.name, output, reference)


def planes(images: Images, convention: Convention) -> tuple[np.ndarray, np.ndarray]:
    """Output and reference as float64, H x W or H x W x 3, whole images; without data range and border."""
    output, reference = images.output, images.reference
    if images.gray and convention.gray == "output-limited":
        return _plane(as_rgb(output), convention), _light(reference.astype(np.float64), convention)
    if images.gray and convention.gray != "replicate":
        output = matlab_gray(output)
        return tuple(_light(image.astype(np.float64), convention) for image in (output, reference))  # type: ignore[return-value]
    return _plane(as_rgb(output), convention), _plane(as_rgb(reference), convention)


@dataclass(frozen=True)
class Region:
    """Rows and columns of the output that are compared, and by how much the reference is displaced."""

    rows: slice
    columns: slice
    shift: tuple[int, int]

    @property
    def output(self) -> tuple[slice, slice]:
        """Where they are in the output."""
        return self.rows, self.columns

    @property
    def reference(self) -> tuple[slice, slice]:
        """Where they are in the reference."""
        (down, right), rows, columns = self.shift, self.rows, self.columns
        return (
            slice(rows.start + down, rows.stop + down),
            slice(columns.start + right, columns.stop + right),
        )


def region(shape: tuple[int, ...], convention: Convention) -> Region:
    """What the crop to multiples and the border leave of H x W pixels, displaced as far as it goes."""
    spans = []
    for length, shift in zip(shape[:2], convention.shift, strict=True):
        end = length - length % convention.mod_crop
        spans.append(slice(max(convention.border, -shift), end - max(convention.border, shift)))
    if any(span.stop <= span.start for span in spans):
        size = f"{shape[1]}x{shape[0]}"
        raise Unscorable(f"{size} pixels leave nothing after a {convention.border}-pixel border")
    return Region(spans[0], spans[1], convention.shift)


def peak(reference: np.ndarray, convention: Convention) -> float:
    """The peak of a convention for one (cut) reference plane, in grey levels."""
    if convention.data_range == "maximum":
        return float(reference.max())
    if convention.data_range == "span":
        return float(reference.max() - reference.min())
    return float(convention.data_range)


def _plane(image: np.ndarray, convention: Convention) -> np.ndarray:
    kind = convention.luma
    if kind == "daala":
        return luma(image, "daala", gray="replicate").astype(np.float64)
    if convention.light == "linear":
        return _weighted(_linear()[image], convention)
    if kind == "bt601" and convention.rounded:
        return luma(image, "bt601-rounded", gray="replicate").astype(np.float64)
    if kind == "yiq" and convention.rounded:
        return matlab_gray(image).astype(np.float64)
    return _weighted(image.astype(np.float64), convention)


def _weighted(image: np.ndarray, convention: Convention) -> np.ndarray:
    if convention.luma == "rgb":
        return image
    if convention.luma == "bt601":
        plane = 16.0 + (65.481 * image[..., 0] + 128.553 * image[..., 1] + 24.966 * image[..., 2]) / 255.0
    else:
        weights = {"bt709": _BT709, "yiq": _YIQ, "gray709": _GRAY709}[convention.luma]
        plane = image @ weights + (16.0 if convention.luma == "bt709" else 0.0)
    return np.floor(plane + 0.5) if convention.rounded else plane


def _light(plane: np.ndarray, convention: Convention) -> np.ndarray:
    return _linear()[plane.astype(np.uint8)] if convention.light == "linear" else plane


@lru_cache(maxsize=1)
def _linear() -> np.ndarray:
    """sRGB's grey levels as linear light, 0 to 255 (IEC 61966-2-1)."""
    level = np.arange(256) / 255
    return 255 * np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)


def _swapped(image: np.ndarray) -> np.ndarray:
    return image if image.ndim == 2 else np.ascontiguousarray(image[..., ::-1])


def _as_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="JPEG", quality=quality)
    return np.asarray(Image.open(stream))
