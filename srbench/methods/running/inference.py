"""The one place where images become tensors and tensors become images.

Padding, tiling, batches, colour, value ranges, clamping and rounding (half up) happen here and nowhere
else; networks see tensors only.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from srbench.core.devices import Batches, choose_device
from srbench.core.records import Unscorable
from srbench.core.text import remark
from srbench.images.kernels import add_to_channels
from srbench.images.pixels import as_rgb, to_bytes
from srbench.images.resize import imresize_double, tensorflow1_bicubic
from srbench.images.ycbcr import enlarged_chroma, rgb_to_luma, ycbcr_to_rgb
from srbench.methods.contract import GROUP
from srbench.methods.networks.specification import PLAIN, Normalisation
from srbench.methods.running.tiling import Box, images_within, make_plan, run

if TYPE_CHECKING:
    from torch import Tensor, nn

    from srbench.core.records import Sample
    from srbench.images.resize import Edges
    from srbench.methods.contract import Runtime
    from srbench.methods.networks.specification import NetworkSpec

_BAND_PIXELS = 1 << 20  # converted at a time: bounds the float64 work space
_LUMA_GAIN = 255.0 / 219.0  # grey levels of R, G and B per level of BT.601 limited-range Y
_SUPPORT = 3  # input pixels that an enlarged pixel depends on, on each side


class NetworkUpscaler:
    """A network as an upscaler of 8-bit images.

    `name` is the method's, for messages. RGB networks return H x W x 3 for every input, luma networks
    the kind of the input. Raises `Unscorable` for outputs that are not finite or of a wrong size.
    """

    def __init__(self, module: nn.Module, spec: NetworkSpec, runtime: Runtime, name: str) -> None:
        self._spec = spec
        self._runtime = runtime
        self._name = name
        self._channels = 3 if spec.color == "rgb" else 1
        self._batches = Batches(GROUP, remark)
        self._device = torch.device(choose_device(runtime.device))
        # Convolutions of few channels on large images are a third faster in this layout, on CPU and GPU.
        module = module.eval().requires_grad_(False).to(self._device)
        in_double = spec.in_double and self._device.type != "mps"
        dtype = torch.float64 if in_double else torch.float32
        self._install(module.to(dtype).to(memory_format=torch.channels_last), dtype)
        if self._device.type == "cuda" and not in_double and not getattr(module, "opaque", False):
            self.use_half_where_faithful()

    def _install(self, module: nn.Module, dtype: torch.dtype) -> None:
        self._module, self._dtype = module, dtype
        self._plan = make_plan(module, self._spec, self._channels)

    def use_half_where_faithful(self) -> bool:
        """Goes to half precision if that changes no pixel of two test images by more than one grey level.

        The images (smooth, and noise) are the same on every machine, so the choice does not depend on
        what is upscaled first. Returns whether half precision is in use.
        """
        exact = self._module
        images = _test_images()
        wanted = [self.batch([image])[0] for image in images]
        self._install(copy.deepcopy(exact).half(), torch.float16)
        try:
            found = [self.batch([image])[0] for image in images]
            pairs = zip(wanted, found, strict=True)
            if all(np.abs(one.astype(np.int16) - other).max() <= 1 for one, other in pairs):
                return True
        except (Unscorable, RuntimeError):  # overflow, or an operation that has no half-precision form
            pass
        self._install(exact, torch.float32)
        return False

    def __call__(self, sample: Sample) -> np.ndarray:
        """uint8, `scale` times as large as the sample's input."""
        with _named(sample):
            return self.batch([sample.low_resolution])[0]

    def batch(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """uint8 images of one size and kind at once; the same pixels as one by one.

        CPUs gain nothing from batches, and their libraries sum in another order for each batch size, so
        there images go one by one, and the pixels are equal bit for bit. Elsewhere as many go together
        as the memory budget holds, fewer where the device has less.
        """
        if len({image.shape for image in images}) > 1:
            raise ValueError("a batch needs images of one size and kind")
        if self._device.type == "cpu":
            return [self.together([image], np.uint8)[0] for image in images]
        height, width = (side * self._spec.scale // self._spec.factor for side in images[0].shape[:2])
        size = images_within(self._plan, height, width, self._runtime.max_memory)
        results: list[np.ndarray] = []
        for first in range(0, len(images), size):
            results += self._batches.run(self._bytes_of, images[first : first + size])
        return results

    def _bytes_of(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self.together(images, np.uint8)

    def levels(self, sample: Sample) -> np.ndarray:
        """The output before rounding and clamping: float32 grey levels."""
        with _named(sample):
            return self.together([sample.low_resolution], np.float32)[0]

    def together(self, images: Sequence[np.ndarray], dtype: type[np.generic]) -> list[np.ndarray]:
        """Images of one size and kind as one tensor: uint8, or float32 grey levels before rounding."""
        sources = [as_rgb(image) if self._spec.color == "rgb" else image for image in images]
        height, width = (side * self._spec.scale for side in sources[0].shape[:2])
        results = [np.empty((height, width, *source.shape[2:]), dtype) for source in sources]
        for box, values in self._run(sources):
            for source, result, plane in zip(sources, results, values, strict=True):
                self._write(source, result, box, plane)
        return results

    def _run(self, sources: Sequence[np.ndarray]) -> Iterator[tuple[Box, np.ndarray]]:
        """Pieces of the network's output as float32, N x H x W x C in grey levels."""
        low, high = self._spec.output_range
        exact = torch.float64 if self._dtype == torch.float64 else torch.float32
        # cuDNN's own shortcut for float32 has as few digits as half precision; the choice is made above.
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            x = torch.stack([self._tensor(source) for source in sources]).to(self._device, self._dtype)
            height, width = x.shape[-2:]
            x = x.contiguous(memory_format=torch.channels_last)
            for box, piece in run(self._plan, x, self._runtime.max_memory):
                seen = box.grown(0, height * self._spec.factor, width * self._spec.factor)
                rows, columns = seen.inside(box).slices
                values = piece[:, :, rows, columns].to(exact).cpu().permute(0, 2, 3, 1).numpy()
                if not np.isfinite(values).all():
                    raise Unscorable(f"{self._name} gave values that are not finite")
                if values.shape[-1] != self._channels:
                    raise Unscorable(f"{self._name} gave {values.shape[-1]} channels, not {self._channels}")
                if self._spec.output_norm != PLAIN:
                    mean, std = _per_channel(self._spec.output_norm, values.dtype)
                    values = values * std + mean
                yield seen, (values - np.float32(low)) * np.float32(255.0) / np.float32(high - low)

    def _tensor(self, source: np.ndarray) -> Tensor:
        """C x H x W in the network's range and precision."""
        low, high = self._spec.input_range
        planes = source if self._spec.color == "rgb" else self._luma_of(source)[..., None]
        if self._spec.input == "enlarged":
            planes = _enlarged(planes, self._spec.scale, self._runtime.edges)
        planes = planes.astype(np.float64 if self._dtype == torch.float64 else np.float32)
        scaled = planes * ((high - low) / 255.0) + low  # Python's floats keep the array's precision
        if self._spec.input_norm != PLAIN:
            mean, std = _per_channel(self._spec.input_norm, planes.dtype)
            scaled = (scaled - mean) / std
        return torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1)))

    def _luma_of(self, source: np.ndarray) -> np.ndarray:
        return rgb_to_luma(source) if self._spec.color == "luma-8bit" else _luma(source)

    def _write(self, source: np.ndarray, result: np.ndarray, box: Box, values: np.ndarray) -> None:
        step = max(1, _BAND_PIXELS // max(1, box.right - box.left))
        for top in range(box.top, box.bottom, step):
            band = Box(top, min(top + step, box.bottom), box.left, box.right)
            piece = values[top - box.top : band.bottom - box.top]
            pixels = self._pixels(source, band, piece)
            result[band.slices] = to_bytes(pixels) if result.dtype == np.uint8 else pixels

    def _pixels(self, source: np.ndarray, box: Box, values: np.ndarray) -> np.ndarray:
        """Grey levels, unrounded, in the kind of `source`."""
        spec, edges = self._spec, self._runtime.edges
        if spec.color == "luma-8bit":
            whole = to_bytes(values[..., 0])
            if source.ndim == 2:
                return whole.astype(np.float32)
            chroma = region(source, spec.scale, box, lambda part: enlarged_chroma(part, spec.scale, edges))
            return ycbcr_to_rgb(whole, chroma).astype(np.float32)
        if spec.color == "luma":
            if source.ndim == 2:
                return values[..., 0]
            # Y from the network, colours from the enlargement: equal steps of R, G and B change Y only.
            # What is not luma is taken out before it is enlarged, where there are fewer pixels.
            enlarged = region(
                source, spec.scale, box, lambda part: _bicubic(_without_luma(part), spec.scale, edges)
            )
            add_to_channels(enlarged, values, np.float32(_LUMA_GAIN))
            return enlarged
        if spec.residual == "none":
            return values
        enlarge = _ENLARGEMENTS[spec.residual]
        return values + region(source, spec.scale, box, lambda part: enlarge(part, spec.scale))


@contextmanager
def _named(sample: Sample) -> Iterator[None]:
    """Adds the image's name to a reason."""
    try:
        yield
    except Unscorable as error:
        raise Unscorable(f"{error} (image {sample.pair.image})") from None


def _test_images() -> list[np.ndarray]:
    y, x = np.mgrid[:64, :64]
    smooth = np.stack([2 * x + 2 * y, 4 * np.abs(x - y), 255 - 3 * x], axis=-1).clip(0, 255)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3))
    return [smooth.astype(np.uint8), noise.astype(np.uint8)]


def region(
    source: np.ndarray, scale: int, box: Box, enlarge: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """`box` of `enlarge(source)`, computed from the part of `source` that it depends on."""
    height, width = source.shape[:2]
    inner = Box(box.top // scale, -(-box.bottom // scale), box.left // scale, -(-box.right // scale))
    outer = inner.grown(_SUPPORT, height, width)
    return enlarge(source[outer.slices])[box.inside(outer.scaled(scale)).slices]


def _per_channel(norm: Normalisation, dtype: np.dtype[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation for arrays whose last axis are the channels."""
    return np.array(norm.mean, dtype), np.array(norm.std, dtype)


def _luma(image: np.ndarray) -> np.ndarray:
    """BT.601 Y, 16 to 235, unrounded, of grey levels H x W x 3; a grayscale image is its own luma."""
    if image.ndim == 2:
        return image
    return 16.0 + image.astype(np.float64) @ (np.array([65.481, 128.553, 24.966]) / 255.0)


def _without_luma(image: np.ndarray) -> np.ndarray:
    return image - _LUMA_GAIN * _luma(image)[..., None]


def _bicubic(image: np.ndarray, scale: int, edges: Edges) -> np.ndarray:
    return imresize_double(image, scale, kernel="cubic", edges=edges)


def _enlarged(planes: np.ndarray, scale: int, edges: Edges) -> np.ndarray:
    """MATLAB's bicubic enlargement of doubles, made in bands to bound the memory."""
    height, width = (side * scale for side in planes.shape[:2])
    result = np.empty((height, width, planes.shape[2]))
    step = max(1, _BAND_PIXELS // width)
    for top in range(0, height, step):
        box = Box(top, min(top + step, height), 0, width)
        result[box.slices] = region(planes, scale, box, lambda part: _bicubic(part, scale, edges))
    return result


def _pil_bicubic(image: np.ndarray, scale: int) -> np.ndarray:
    from PIL import Image

    height, width = image.shape[:2]
    enlarged = Image.fromarray(image).resize((width * scale, height * scale), Image.Resampling.BICUBIC)
    return np.asarray(enlarged)


_ENLARGEMENTS = {"tensorflow1-bicubic": tensorflow1_bicubic, "pil-bicubic": _pil_bicubic}
