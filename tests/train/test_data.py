"""The cache and the patches: exact, deterministic, and the same on every path."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from srbench.core.records import Unscorable, UserError
from srbench.datasets import coco_stuff
from srbench.datasets.samples import degrade
from srbench.images.codec import read_image
from srbench.images.pixels import crop_to_multiple
from srbench.images.resize import imresize, imresize_double, tensorflow1_bicubic
from srbench.methods.families.enhancenet import ENHANCENET
from srbench.methods.families.srcnn import SRCNN
from srbench.methods.families.srresnet import SRRESNET
from srbench.methods.networks.specification import NetworkSpec
from srbench.train.cache import Images, Preparation, open_cache, pil_enlarged, training_files
from srbench.train.patches import MARGIN, Batch, Choice, Loader, Preparer, Sampler, oriented, region_masks
from tests.helpers import picture, save
from tests.train.small import annotations, images

CPU = torch.device("cpu")


def cached(
    folder: Path, *, base: bool = False, crop: int = 16, degradation: str = "matlab-bicubic"
) -> Images:
    return open_cache(training_files(folder), Preparation(4, degradation, crop, base))  # type: ignore[arg-type]


def whole(place: int, height: int, width: int) -> Choice:
    return Choice(np.array([place]), np.array([0]), np.array([0]), np.array([0]))


@pytest.mark.parametrize("degradation", ["matlab-bicubic", "pil-lanczos"])
def test_the_cache_holds_the_protocols_inputs_bit_for_bit(tmp_path: Path, degradation: str) -> None:
    save(tmp_path / "odd.png", picture(43, 50, seed=3))
    made = cached(tmp_path, base=True, degradation=degradation)
    reference = crop_to_multiple(read_image(tmp_path / "odd.png"), 4)
    low = degrade(reference, 4, degradation, "clamp")  # type: ignore[arg-type]
    assert np.array_equal(made.reference(0), reference)
    assert np.array_equal(made.low_resolution(0), low)
    assert np.array_equal(made.base(0), pil_enlarged(low, 4))


def test_smaller_copies_are_matlabs_reductions_cut_like_every_image(tmp_path: Path) -> None:
    save(tmp_path / "one.png", picture(60, 41, seed=3))
    preparation = Preparation(4, "matlab-bicubic", 24, shrink=(0.75, 0.5))
    made = open_cache(training_files(tmp_path), preparation)
    whole = read_image(tmp_path / "one.png")
    copy = crop_to_multiple(imresize(whole, 0.75), 4)
    # Halved it has 21 columns, which do not hold a crop of 24.
    assert [(entry.height, entry.width) for entry in made.entries] == [(60, 40), copy.shape[:2]]
    assert np.array_equal(made.reference(1), copy)
    assert np.array_equal(made.low_resolution(1), imresize(copy, Fraction(1, 4)))
    assert not made.skipped
    assert made.fingerprint != cached(tmp_path, crop=24).fingerprint


def test_the_cache_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images(tmp_path / "data")
    first = cached(tmp_path / "data")
    monkeypatch.setattr("srbench.train.cache.read_image", lambda _: pytest.fail("decoded again"))
    assert np.array_equal(cached(tmp_path / "data").pixels, first.pixels)


def test_a_changed_image_makes_another_cache(tmp_path: Path) -> None:
    folder = images(tmp_path / "data", count=1)
    before = cached(folder).reference(0).copy()
    save(folder / "0.png", picture(48, 56, seed=99))
    assert not np.array_equal(cached(folder).reference(0), before)


def test_small_and_unreadable_images_are_left_out_with_their_reasons(tmp_path: Path) -> None:
    images(tmp_path, count=2)
    save(tmp_path / "small.png", picture(12, 40))
    (tmp_path / "broken.png").write_bytes(b"no image")
    made = cached(tmp_path)
    assert len(made.entries) == 2
    reasons = {Path(path).name: reason for path, reason in made.skipped.items()}
    assert "smaller than the crop of 16 pixels" in reasons["small.png"]
    assert "not an image" in reasons["broken.png"]


def test_folders_without_usable_images_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no image files"):
        training_files(tmp_path)
    save(tmp_path / "small.png", picture(12, 12))
    with pytest.raises(UserError, match="none of the 1 images can be trained on: smaller than the crop"):
        cached(tmp_path)


def test_images_in_subfolders_are_found(tmp_path: Path) -> None:
    images(tmp_path / "a", count=2)
    images(tmp_path / "b" / "c", count=1)
    assert len(training_files(tmp_path)) == 3


def test_samples_follow_from_seed_and_iteration_alone(tmp_path: Path) -> None:
    made = cached(images(tmp_path, count=5))
    first, again = (Sampler(made, 16, 4, "dihedral", seed=7) for _ in range(2))
    other = Sampler(made, 16, 4, "dihedral", seed=8)
    again.choose(3)
    a, b, c = first.choose(11), again.choose(11), other.choose(11)
    for name in ("image", "top", "left", "orientation"):
        assert np.array_equal(getattr(a, name), getattr(b, name))
    assert not np.array_equal(a.top, c.top)
    assert not np.array_equal(a.left, first.choose(12).left)


def test_two_processes_see_together_what_one_sees_with_the_double_batch(tmp_path: Path) -> None:
    made = cached(images(tmp_path, count=5))
    both, one = Sampler(made, 16, 2, "flips", 0), Sampler(made, 16, 4, "flips", 0)
    for iteration in (0, 9):
        shares = [both.choose(iteration, rank, 2) for rank in range(2)]
        whole_batch = one.choose(iteration)
        for name in ("image", "top", "left", "orientation"):
            joined = np.concatenate([getattr(share, name) for share in shares])
            assert np.array_equal(joined, getattr(whole_batch, name))


def test_every_epoch_visits_every_image_and_every_place_can_come(tmp_path: Path) -> None:
    made = cached(images(tmp_path, count=5, side=20))
    sampler = Sampler(made, 16, 5, "dihedral", 0)
    choices = [sampler.choose(iteration) for iteration in range(60)]
    for choice in choices:
        assert sorted(choice.image) == [0, 1, 2, 3, 4]
    assert {int(top) for choice in choices for top in choice.top} == {0, 1}
    assert {int(left) for choice in choices for left in choice.left} == {0, 1, 2, 3}
    assert {int(one) for choice in choices for one in choice.orientation} == set(range(8))


def test_gathering_on_the_device_gives_the_sliced_patches(tmp_path: Path) -> None:
    made = cached(images(tmp_path, count=4), base=True)
    choice = Sampler(made, 16, 6, "dihedral", 1).choose(2)
    sliced = Loader(made, 16, device=CPU, resident=False).load(choice)
    gathered = Loader(made, 16, device=CPU, resident=True).load(choice)
    for name in ("reference", "low_resolution", "base"):
        assert torch.equal(getattr(sliced, name), getattr(gathered, name))


def test_patches_are_cut_where_the_sample_says(tmp_path: Path) -> None:
    made = cached(images(tmp_path, count=2))
    choice = Choice(np.array([1]), np.array([5]), np.array([7]), np.array([0]))
    batch = Loader(made, 16, device=CPU).load(choice)
    expected = made.reference(1)[20:36, 28:44]
    assert np.array_equal(batch.reference[0].permute(1, 2, 0).numpy(), expected)
    low = made.low_resolution(1)[5 - MARGIN : 9 + MARGIN, 7 - MARGIN : 11 + MARGIN]
    assert np.array_equal(batch.low_resolution[0].permute(1, 2, 0).numpy(), low)


def test_orientations_are_the_eight_of_the_square() -> None:
    patch = torch.arange(9).reshape(1, 1, 3, 3).repeat(8, 1, 1, 1)
    turned = oriented(patch, np.arange(8))
    assert len({tuple(one.flatten().tolist()) for one in turned}) == 8
    assert torch.equal(turned[1, 0], patch[0, 0].flip(1))
    assert torch.equal(turned[4, 0], patch[0, 0].T)


@pytest.mark.parametrize(
    ("spec", "enlarge"),
    [
        (SRCNN, lambda image: imresize_double(image, 4)),
        (ENHANCENET, lambda image: tensorflow1_bicubic(image, 4)),
    ],
)
def test_tensors_are_what_inference_gives_whole_images(tmp_path: Path, spec: NetworkSpec, enlarge) -> None:  # type: ignore[no-untyped-def]
    made = cached(images(tmp_path, count=1, side=40), crop=40)
    choice = whole(0, 40, 40)
    loader = Loader(made, 40, device=CPU)
    seen, target, base = Preparer(spec, CPU)(loader.load(choice))
    low = made.low_resolution(0).astype(np.float64)
    if spec.color == "luma":
        low = (16 + low @ np.array([65.481, 128.553, 24.966]) / 255)[..., None]
    # The patch is the left part of a wider image: its own enlargement is right up to the other border.
    expected = enlarge(low)[:40, :40] / 255
    found = seen if base is None else base
    assert np.abs(found[0].permute(1, 2, 0).numpy() - expected).max() < 1e-6
    assert target.shape[-1] == 40


def test_targets_of_srresnet_lie_between_minus_one_and_one(tmp_path: Path) -> None:
    made = cached(images(tmp_path, count=1))
    batch = Loader(made, 16, device=CPU).load(whole(0, 48, 56))
    seen, target, _ = Preparer(SRRESNET, CPU)(batch)
    inner = batch.low_resolution[..., MARGIN:-MARGIN, MARGIN:-MARGIN]
    assert torch.allclose(seen, inner / 255.0)
    assert torch.allclose(target, batch.reference / 127.5 - 1, atol=1e-6)


def test_regions_are_the_six_largest_classes_and_the_rest() -> None:
    sizes = {3: 40, 200: 30, 17: 20, 90: 10, 5: 8, 6: 7, 8: 3, 255: 42}
    classes = np.repeat(list(sizes), list(sizes.values())).astype(np.uint8).reshape(16, 10)
    regions = coco_stuff.regions(classes)
    for region, number in enumerate((3, 200, 17, 90, 5, 6)):
        assert (regions[classes == number] == region).all()
    assert (regions[(classes == 8) | (classes == 255)] == 6).all()


def test_masks_cover_the_image_and_missing_regions_repeat_the_rest(tmp_path: Path) -> None:
    folder = images(tmp_path / "data", count=1)
    maps = annotations(tmp_path / "maps", folder)
    read = lambda path: coco_stuff.read_regions(maps, path)  # noqa: E731
    made = open_cache(training_files(folder), Preparation(4, "matlab-bicubic", 48, masks="maps"), masks=read)
    batch: Batch = Loader(made, 48, device=CPU, regions=7).load(whole(0, 48, 56))
    assert batch.masks is not None
    present = batch.masks[0, :3].int().sum(dim=0)
    assert (present == 1).all()  # three classes cover everything; the rest is empty, and so are the others
    assert not batch.masks[0, 3:].any()


def test_a_region_that_a_patch_lacks_repeats_the_others() -> None:
    numbers = torch.tensor([[0, 0], [2, 6]], dtype=torch.uint8)[None, None]
    masks = region_masks(numbers, 7)[0]
    for region in (0, 2, 6):
        assert torch.equal(masks[region], numbers[0, 0] == region)
    for absent in (1, 3, 4, 5):
        assert torch.equal(masks[absent], numbers[0, 0] == 6)


def test_damaged_annotations_leave_the_image_out(tmp_path: Path) -> None:
    with pytest.raises(Unscorable, match="no annotation"):
        coco_stuff.read_regions(tmp_path, Path("a.jpg"))
    save(tmp_path / "a.png", picture(8, 8))
    with pytest.raises(Unscorable, match="one channel"):
        coco_stuff.read_regions(tmp_path, Path("a.jpg"))
    with pytest.raises(UserError, match="no such folder"):
        coco_stuff.read_regions(tmp_path / "none", Path("a.jpg"))
