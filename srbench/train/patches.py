"""Deterministic training patches: which pixels are taken follows from (seed, iteration, place) alone; and
what a network sees of them, by the same numbers as `srbench.methods.running.inference` gives whole images.

Every sample of the run has a number, and the processes of a distributed run take consecutive shares of
each iteration's numbers: two processes see together what one with the double batch sees. Each epoch goes
through the images in a random order of its own, so that a batch holds distinct images.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from srbench.images.resize import imresize_double, tensorflow1_bicubic

if TYPE_CHECKING:
    from collections.abc import Callable

    from srbench.methods.networks.specification import NetworkSpec
    from srbench.train.cache import Images

MARGIN = 3  # input pixels around a patch that its enlargement depends on
_COLUMNS = 3  # row, column and orientation of a sample
_LUMA = (65.481 / 255.0, 128.553 / 255.0, 24.966 / 255.0)
_TAPS = 2 * MARGIN + 1


@dataclass(frozen=True)
class Choice:
    """Samples of one iteration: image numbers, corners in input pixels, orientations; N of each.

    Orientation bits: 1 flips left-right, 2 flips up-down, 4 transposes (last).
    """

    image: np.ndarray
    top: np.ndarray
    left: np.ndarray
    orientation: np.ndarray


@dataclass(frozen=True)
class Batch:
    """Patches as uint8 on the device.

    - `reference`: N x 3 x crop x crop.
    - `low_resolution`: N x 3 x (crop / s + 2 m) x (crop / s + 2 m) with m pixels of surroundings,
      replicated beyond the image.
    - `base`: N x 3 x crop x crop, PIL's enlargement, where the network adds to it.
    - `masks`: N x R x crop x crop bool, one region after the other, where the recipe needs them.
    """

    reference: Tensor
    low_resolution: Tensor
    base: Tensor | None
    masks: Tensor | None


class Sampler:
    """Chooses samples: a pure function of the iteration."""

    def __init__(
        self, images: Images, crop: int, batch: int, augment: Literal["none", "flips", "dihedral"], seed: int
    ) -> None:
        self._sizes = np.array([(entry.height, entry.width) for entry in images.entries])
        self._scale = images.scale
        self._crop = crop
        self._batch = batch
        self._seed = seed
        self._orientations = {"none": 1, "flips": 4, "dihedral": 8}[augment]

    def choose(self, iteration: int, rank: int = 0, world: int = 1) -> Choice:
        """The samples of a process in an iteration, counted from 0."""
        total = self._batch * world
        mine = slice(rank * self._batch, (rank + 1) * self._batch)
        numbers = np.arange(iteration * total, (iteration + 1) * total)[mine]
        image = np.array([self._image(int(number)) for number in numbers])
        uniform = np.stack([self._uniform(int(number)) for number in numbers])
        free = (self._sizes[image] - self._crop) // self._scale + 1
        corner = (uniform[:, :2] * free).astype(np.int64)
        orientation = (uniform[:, 2] * self._orientations).astype(np.int64)
        return Choice(image, corner[:, 0], corner[:, 1], orientation)

    def _image(self, number: int) -> int:
        epoch, place = divmod(number, len(self._sizes))
        return int(_order(self._seed, epoch, len(self._sizes))[place])

    def _uniform(self, number: int) -> np.ndarray:
        return np.random.Generator(np.random.Philox(key=self._seed, counter=[number, 0, 0, 0])).random(
            _COLUMNS
        )


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=seed, counter=[epoch, 1, 0, 0])).permutation(count)


class Loader:
    """Cuts chosen samples out of the decoded images.

    On a GPU the pixels lie there, where they fit, and are gathered there; on a CPU they are sliced from
    the memory map. Both give the same patches.
    """

    def __init__(
        self,
        images: Images,
        crop: int,
        *,
        device: torch.device,
        regions: int = 0,
        resident: bool | None = None,
    ) -> None:
        self._images = images
        self._crop = crop
        self._small = crop // images.scale
        self._device = device
        self._regions = regions
        self._has_base = images.entries[0].base >= 0
        fits = device.type == "cuda" and _fits(images, device)
        self.resident = fits if resident is None else resident
        # The copy is torch's own: a map that is only read must not be handed out as a writable tensor.
        self._pixels = torch.tensor(np.asarray(images.pixels), device=device) if self.resident else None

    def load(self, choice: Choice) -> Batch:
        """The patches of these samples."""
        scale, small, crop = self._images.scale, self._small, self._crop
        large = (choice.top * scale, choice.left * scale)
        reference = self._cut("reference", choice, large, crop, 3)
        corner = (choice.top - MARGIN, choice.left - MARGIN)
        low = self._cut("low_resolution", choice, corner, small + 2 * MARGIN, 3)
        base = self._cut("base", choice, large, crop, 3) if self._has_base else None
        masks = None
        if self._regions:
            numbers = self._cut("regions", choice, large, crop, 1)
            masks = region_masks(numbers, self._regions)
        return Batch(reference, low, base, masks)

    def _cut(
        self, plane: str, choice: Choice, corner: tuple[np.ndarray, np.ndarray], side: int, channels: int
    ) -> Tensor:
        cut = self._gather if self.resident else self._slice
        return oriented(cut(plane, choice, corner, side, channels), choice.orientation)

    def _slice(
        self, plane: str, choice: Choice, corner: tuple[np.ndarray, np.ndarray], side: int, channels: int
    ) -> Tensor:
        patches = np.empty((len(choice.image), side, side, channels), np.uint8)
        for place, image in enumerate(choice.image):
            whole = getattr(self._images, plane)(int(image)).reshape(*self._size(plane, int(image)), channels)
            rows, columns = (
                np.clip(np.arange(start[place], start[place] + side), 0, length - 1)
                for start, length in zip(corner, whole.shape[:2], strict=True)
            )
            if rows[-1] - rows[0] == side - 1 and columns[-1] - columns[0] == side - 1:
                patches[place] = whole[rows[0] : rows[0] + side, columns[0] : columns[0] + side]
            else:
                patches[place] = whole[np.ix_(rows, columns)]
        return torch.from_numpy(patches).to(self._device).permute(0, 3, 1, 2)

    def _gather(
        self, plane: str, choice: Choice, corner: tuple[np.ndarray, np.ndarray], side: int, channels: int
    ) -> Tensor:
        assert self._pixels is not None
        entries = [self._images.entries[int(image)] for image in choice.image]
        sizes = np.array([self._size(plane, int(image)) for image in choice.image])
        start, top, left, height, width = (
            torch.from_numpy(np.ascontiguousarray(values, dtype=np.int64)).to(self._device, non_blocking=True)
            for values in (
                np.array([getattr(entry, plane) for entry in entries]), *corner, sizes[:, 0], sizes[:, 1]
            )
        )  # fmt: skip
        steps = torch.arange(side, device=self._device)
        rows = torch.minimum((top[:, None] + steps).clamp_(min=0), height[:, None] - 1)
        columns = torch.minimum((left[:, None] + steps).clamp_(min=0), width[:, None] - 1)
        place = (
            start[:, None, None] + (rows[:, :, None] * width[:, None, None] + columns[:, None, :]) * channels
        )
        index = place[:, None] + torch.arange(channels, device=self._device)[:, None, None]
        return self._pixels[index]

    def _size(self, plane: str, image: int) -> tuple[int, int]:
        entry = self._images.entries[image]
        divisor = self._images.scale if plane == "low_resolution" else 1
        return entry.height // divisor, entry.width // divisor


def oriented(patches: Tensor, orientation: np.ndarray) -> Tensor:
    """Each of N x C x S x S patches flipped and transposed as its orientation says; contiguous."""
    if not orientation.any():
        return patches.contiguous()
    result = torch.empty_like(patches, memory_format=torch.contiguous_format)
    for kind in np.unique(orientation):
        chosen = torch.from_numpy(np.flatnonzero(orientation == kind)).to(patches.device, non_blocking=True)
        part = patches[chosen]
        if kind & 1:
            part = part.flip(3)
        if kind & 2:
            part = part.flip(2)
        result[chosen] = part.transpose(2, 3) if kind & 4 else part
    return result


def region_masks(numbers: Tensor, count: int) -> Tensor:
    """N x 1 x S x S region numbers to N x R x S x S masks; a region that a patch does not have gets the
    mask of the last one, "others" (TSRN, section 5: it "is replicated to give out seven masks")."""
    masks = numbers == torch.arange(count, device=numbers.device)[:, None, None]
    present = masks.flatten(2).any(dim=2)[..., None, None]
    return torch.where(present, masks, masks[:, -1:])


def _fits(images: Images, device: torch.device) -> bool:
    free, _ = torch.cuda.mem_get_info(device)
    return int(images.pixels.nbytes) < free // 2


class Preparer:
    """Turns batches into the input, the target and the base of one network."""

    def __init__(self, spec: NetworkSpec, device: torch.device) -> None:
        self._spec = spec
        self._luma = torch.tensor(_LUMA, device=device)[:, None, None]
        self._kernel: Tensor | None = None
        enlarge = _enlargement(spec)
        if enlarge is not None:
            taps = torch.from_numpy(phases(enlarge, spec.scale)).to(device, torch.float32)
            # The product of two rows of taps, one kernel for each of the s x s places of an input pixel.
            square = taps[:, None, :, None] * taps[None, :, None, :]
            self._kernel = square.reshape(spec.scale**2, 1, _TAPS, _TAPS)

    def __call__(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor | None]:
        """Input N x C x h x w in the network's input range; target N x C x H x W in its output range; and
        what its output is added to, in the output range, None where it stands alone."""
        inner = slice(MARGIN, -MARGIN)
        low = self._levels(batch.low_resolution)
        target = self._scaled(self._levels(batch.reference), self._spec.output_range)
        if self._spec.input == "enlarged":
            return self._scaled(self._enlarged(low), self._spec.input_range), target, None
        seen = self._scaled(low[..., inner, inner], self._spec.input_range)
        if self._spec.residual == "none":
            return seen, target, None
        if batch.base is not None:
            return seen, target, self._scaled(self._levels(batch.base), self._spec.output_range)
        return seen, target, self._scaled(self._enlarged(low), self._spec.output_range)

    def _levels(self, pixels: Tensor) -> Tensor:
        """Grey levels as float32: N x 3 x H x W, or BT.601 Y, N x 1 x H x W, 16 to 235."""
        levels = pixels.float()
        if self._spec.color == "rgb":
            return levels
        return (levels * self._luma).sum(dim=1, keepdim=True) + 16.0

    def _scaled(self, levels: Tensor, ends: tuple[float, float]) -> Tensor:
        scaled = levels * ((ends[1] - ends[0]) / 255.0) + ends[0]
        return scaled.contiguous(memory_format=torch.channels_last)

    def _enlarged(self, low: Tensor) -> Tensor:
        """The input with its surroundings, enlarged; the surroundings fall away."""
        assert self._kernel is not None
        count, channels, height, width = low.shape
        planes = low.reshape(count * channels, 1, height, width)
        # Bicubic enlargement must not be rounded to bfloat16, whatever the precision of the network.
        with torch.autocast(low.device.type, enabled=False):
            values = functional.pixel_shuffle(functional.conv2d(planes, self._kernel), self._spec.scale)
        return values.reshape(count, channels, *values.shape[-2:])


def _enlargement(spec: NetworkSpec) -> Callable[[np.ndarray], np.ndarray] | None:
    """The numpy function that a network's enlargement is defined by, None where it needs none."""
    if spec.input == "enlarged":
        return lambda image: imresize_double(image, spec.scale)
    if spec.residual == "tensorflow1-bicubic":
        return lambda image: tensorflow1_bicubic(image, spec.scale)
    return None


def phases(enlarge: Callable[[np.ndarray], np.ndarray], scale: int) -> np.ndarray:
    """The weights of a separable enlargement by a whole factor, read off its answers to impulses.

    scale x 7 float64: row p holds the weights of the seven input pixels around one for its p-th output.
    """
    impulses = np.eye(_TAPS)[:, None, :]  # one image of a single row for each place of the impulse
    centre = slice(MARGIN * scale, (MARGIN + 1) * scale)
    rows = [enlarge(np.repeat(impulse, _TAPS, axis=0))[MARGIN * scale, centre] for impulse in impulses]
    return np.stack(rows, axis=1)
