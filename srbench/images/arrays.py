"""Images as Python programs hold them, to the uint8 (in 16 bits uint16) arrays that everything here measures.

Torch is never imported here: a tensor can only be given where the caller has imported it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from srbench.core.records import UsageError, UserError
from srbench.core.text import first_line
from srbench.images.codec import STEP, Bits, pillow_in_bits, read_in_bits
from srbench.images.pixels import to_bytes, to_sixteen_bits

if TYPE_CHECKING:
    import torch
    from PIL import Image

ImageLike: TypeAlias = "str | Path | Image.Image | np.ndarray | torch.Tensor"


def as_image(image: ImageLike, bits: Bits = 8) -> np.ndarray:
    """One image as uint8, H x W (grayscale) or H x W x 3 (RGB), 0 to 255; read-only, may share memory.

    With `bits` 16 as uint16, 0 to 65535: files of 16 bits as they are, uint8 times 257, uint16 arrays and
    tensors too, and floats are rounded to 16 bits.

    - A path (`str` or `Path`) is read, a PIL image converted, both as files are: Unscorable for what is
      damaged or cannot be converted without changing numbers, UserError where there is no such file.
    - A NumPy array is uint8, H x W, H x W x 1 or H x W x 3; or float in [0, 1], H x W or C x H x W.
    - A torch tensor is float in [0, 1] or uint8 in [0, 255], H x W or C x H x W.
    - C is 1 or 3; a batch of one image is that image.

    Floats become bytes as torchvision's `save_image` saves a PNG: 255 x, rounded half up.
    UsageError, in one line, for whatever else: other types, floats beyond [0, 1], a batch of several.
    """
    images = as_images(image, bits)
    if len(images) != 1:
        raise UsageError(f"a batch of {len(images)} images where one is needed; give them one by one")
    return images[0]


def as_scale(scale: int) -> int:
    """A super-resolution factor as a caller gives it; `UsageError` where it is no whole number from 1 on."""
    if isinstance(scale, bool) or not isinstance(scale, int | np.integer) or scale < 1:
        raise UsageError(f"scale={scale!r}: a positive whole number is needed")
    return int(scale)


def as_images(images: ImageLike, bits: Bits = 8) -> list[np.ndarray]:
    """The images of a batch (N x C x H x W), or the only one; each as `as_image` says."""
    if isinstance(images, str | Path):
        if not Path(images).is_file():
            raise UserError(f"{images}: no such file")
        return [read_in_bits(Path(images), bits)]
    if isinstance(images, np.ndarray):
        return _of_array(images, bits, channels_first=images.dtype.kind == "f")
    if _is_tensor(images):
        return _of_array(_tensor_values(images), bits, channels_first=True)
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(images, pillow.Image):
        return [pillow_in_bits("the PIL image", images, bits)]
    raise UsageError(
        f"{_article(type(images).__name__)} is no image; give a path, a PIL image, a uint8 array, "
        "or a float array or torch tensor in [0, 1]"
    )


def _is_tensor(thing: object) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, torch.Tensor)


def _tensor_values(tensor: Any) -> np.ndarray:
    try:
        values = tensor.detach().cpu()
        # NumPy has no bfloat16, and float16 has too few digits to be multiplied by 255.
        values = values.float() if values.is_floating_point() and values.element_size() < 4 else values
        array: np.ndarray = values.numpy()
    except (TypeError, NotImplementedError) as error:  # sparse, quantised, without data
        raise UsageError(f"the tensor holds no plain values ({first_line(error)})") from None
    return array


def _of_array(array: np.ndarray, bits: Bits, *, channels_first: bool) -> list[np.ndarray]:
    if array.dtype == np.uint16 and bits == 8:
        raise UsageError(
            "an array of uint16 is measured in 16 bits only: give protocol='srbench-16bit' or another's name "
            "with -16bit behind it"
        )
    if array.dtype not in (np.uint8, np.uint16) and array.dtype.kind != "f":
        raise UsageError(
            f"an array of {array.dtype} is ambiguous; give uint8 in [0, 255] or floats in [0, 1]"
        )
    if array.size == 0:
        raise UsageError(f"an array of {_shape(array)} holds no pixels")
    images = _channels_last(array) if channels_first else _bytes_layout(array)
    return [_read_only(_in_bits(image, bits)) for image in images]


def _in_bits(image: np.ndarray, bits: Bits) -> np.ndarray:
    if image.dtype.kind == "f":
        return _of_floats(image, bits)
    return image.astype(np.uint16) * STEP if bits == 16 and image.dtype == np.uint8 else image


def _channels_last(array: np.ndarray) -> list[np.ndarray]:
    """H x W, C x H x W or N x C x H x W to images of H x W or H x W x 3."""
    if array.ndim == 2:
        return [array]
    channels = array.shape[-3] if array.ndim in (3, 4) else 0
    if channels not in (1, 3):
        last = array.shape[-1:] in ((1,), (3,))
        turn = "; put the channels first, as in x.transpose(2, 0, 1)" if last else ""
        raise UsageError(
            f"floats and tensors are H x W, C x H x W or N x C x H x W with C = 1 or 3, not {_shape(array)}"
            + turn
        )
    if array.shape[-1] in (1, 3):
        raise UsageError(f"{_shape(array)} may be channels first or last; give a uint8 array of H x W x 3")
    batch = array.reshape(-1, *array.shape[-3:])
    return [image[0] if channels == 1 else np.moveaxis(image, 0, -1) for image in batch]


def _bytes_layout(array: np.ndarray) -> list[np.ndarray]:
    if array.ndim == 2:
        return [array]
    if array.ndim == 3 and array.shape[2] in (1, 3):
        return [array[..., 0] if array.shape[2] == 1 else array]
    four = (
        "; take the opacity away first, as in x[..., :3]" if array.ndim == 3 and array.shape[2] == 4 else ""
    )
    raise UsageError(f"{array.dtype} arrays are H x W or H x W x 3, not {_shape(array)}{four}")


def _of_floats(image: np.ndarray, bits: Bits) -> np.ndarray:
    low, high = float(image.min()), float(image.max())
    if not (low >= 0 and high <= 1):  # also where they are not numbers
        raise UsageError(
            f"float images are in [0, 1], this one reaches from {low:g} to {high:g}; "
            "clamp it, or give uint8 for 0 to 255"
        )
    if bits == 16:
        return to_sixteen_bits(np.multiply(image, 65535, dtype=np.float64))
    kind = np.float32 if image.dtype.itemsize <= 4 else np.float64
    return to_bytes(np.multiply(np.ascontiguousarray(image), 255, dtype=kind))


def _read_only(image: np.ndarray) -> np.ndarray:
    # As arrays of files are: compiled code is made once for both, and nothing writes into the caller's.
    view = np.ascontiguousarray(image).view()
    view.flags.writeable = False
    return view


def _shape(array: np.ndarray) -> str:
    return "x".join(map(str, array.shape)) or "one number"


def _article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiouAEIOU' else 'a'} {word}"
