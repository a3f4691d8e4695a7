"""Reading ImageNet's layouts and labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from torchvision import transforms

from srbench.core.records import UsageError, UserError
from srbench.datasets.imagenet import choose, find_images, prepare
from srbench.datasets.imagenet_labels import synset_index
from tests.studies.recognition.made import SYNSETS, picture, save


def _labels(root: Path, labels: Path | None = None) -> dict[str, int]:
    return {image.path.name: image.label for image in find_images([root], labels)}


def _official(root: Path, count: int = 3) -> None:
    for number in range(1, count + 1):
        save(root / "val" / f"ILSVRC2012_val_{number:08d}.JPEG", number)


def test_synsets_are_in_torchvisions_order() -> None:
    """The first, a well-known and the last class: tench, tabby cat, toilet tissue."""
    assert [synset_index(name) for name in ("n01440764", "n02123045", "n15075141")] == [0, 281, 999]
    with pytest.raises(UserError, match="not one of the 1000 classes"):
        synset_index("n00000001")


def test_image_folder(tmp_path: Path) -> None:
    for number, synset in enumerate(SYNSETS):
        save(tmp_path / "imagenet" / "val" / synset / f"{number}.JPEG", number)
    assert _labels(tmp_path) == {"0.JPEG": 0, "1.JPEG": 1, "2.JPEG": 2, "3.JPEG": 281, "4.JPEG": 999}
    assert _labels(tmp_path / "imagenet" / "val") == _labels(tmp_path)


def test_names_that_begin_with_a_synset(tmp_path: Path) -> None:
    save(tmp_path / "n02123045_17.JPEG", 1)
    save(tmp_path / "n01440764_tench.png", 2)
    assert _labels(tmp_path) == {"n02123045_17.JPEG": 281, "n01440764_tench.png": 0}
    save(tmp_path / "n00000001_1.JPEG", 3)
    with pytest.raises(UserError, match="n00000001 is not one of"):
        _labels(tmp_path)


def test_caffe_labels(tmp_path: Path) -> None:
    _official(tmp_path)
    with pytest.raises(UserError, match="has no labels: put val"):
        _labels(tmp_path)
    lines = [f"ILSVRC2012_val_{number:08d}.JPEG {label}" for number, label in ((1, 65), (2, 970), (3, 0))]
    (tmp_path / "val.txt").write_text("\n".join(lines) + "\n")
    assert list(_labels(tmp_path).values()) == [65, 970, 0]
    (tmp_path / "other.txt").write_text("\n".join(lines[:2]))
    with pytest.raises(UserError, match="no label for ILSVRC2012_val_00000003"):
        _labels(tmp_path, tmp_path / "other.txt")
    (tmp_path / "other.txt").write_text(lines[0].replace("65", "1000"))
    with pytest.raises(UserError, match="the label 1000 is not between 0 and 999"):
        _labels(tmp_path, tmp_path / "other.txt")
    (tmp_path / "other.txt").write_text("a b c\n")
    with pytest.raises(UserError, match="a line is not"):
        _labels(tmp_path, tmp_path / "other.txt")
    with pytest.raises(UserError, match="no such file of labels"):
        _labels(tmp_path, tmp_path / "absent.txt")
    (tmp_path / "other.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not UTF-8 text"):
        _labels(tmp_path, tmp_path / "other.txt")


def test_kaggle_labels(tmp_path: Path) -> None:
    _official(tmp_path, 2)
    (tmp_path / "LOC_val_solution.csv").write_text(
        "ImageId,PredictionString\n"
        "ILSVRC2012_val_00000002,n02123045 1 2 3 4\n"
        "ILSVRC2012_val_00000001,n15075141 1 2 3 4 n15075141 5 6 7 8\n"
    )
    assert list(_labels(tmp_path).values()) == [999, 281]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"ILSVRC2012_val_00000001\n", "csv: ILSVRC2012_val_00000001 has no label"),
        (b"ILSVRC2012_val_00000001,\n", "csv: ILSVRC2012_val_00000001 has no label"),
        (
            b"ILSVRC2012_val_00000001,n00000001 1 2 3 4\n",
            "csv: ILSVRC2012_val_00000001: n00000001 is not one",
        ),
        (b"\xff\xfe\n", "is not a CSV file in UTF-8"),
    ],
)
def test_damaged_kaggle_labels(tmp_path: Path, content: bytes, message: str) -> None:
    _official(tmp_path, 1)
    (tmp_path / "LOC_val_solution.csv").write_bytes(b"ImageId,PredictionString\n" + content)
    with pytest.raises(UserError, match=message):
        _labels(tmp_path)


def test_a_named_file_of_labels_counts_before_all_else(tmp_path: Path) -> None:
    save(tmp_path / "flat" / "n02123045_17.JPEG", 1)
    save(tmp_path / "folders" / "n02123045" / "17.JPEG", 1)
    labels = tmp_path / "labels.txt"
    labels.write_text("n02123045_17.JPEG 5\n17.JPEG 6\n")
    assert list(_labels(tmp_path / "flat", labels).values()) == [5]
    assert list(_labels(tmp_path / "folders", labels).values()) == [6]
    labels.write_text("17.JPEG 6\n")
    with pytest.raises(UserError, match=r"has no label for n02123045_17\.JPEG"):
        _labels(tmp_path / "flat", labels)


def test_development_kit_labels(tmp_path: Path) -> None:
    _official(tmp_path)
    truth = tmp_path / "ILSVRC2012_devkit_t12" / "data" / "ILSVRC2012_validation_ground_truth.txt"
    truth.parent.mkdir(parents=True)
    truth.write_text("2\n1\n2\n")
    with pytest.raises(UserError, match=r"meta\.mat of the same development kit"):
        _labels(tmp_path)
    kind = [("ILSVRC2012_ID", float), ("WNID", object), ("num_children", float)]
    synsets = np.array([(1, "n02123045", 0), (2, "n01443537", 0), (1001, "n00001740", 9)], dtype=kind)
    savemat(truth.parent / "meta.mat", {"synsets": synsets[:, None]})
    assert list(_labels(tmp_path).values()) == [1, 281, 1]
    truth.write_text("2\n1\n1001\n")
    with pytest.raises(UserError, match="the label 1001 is not between 1 and 1000"):
        _labels(tmp_path)
    (truth.parent / "meta.mat").write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"meta\.mat: not a readable MATLAB file"):
        _labels(tmp_path)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no labelled ImageNet images"):
        _labels(tmp_path)


def test_subset_is_seeded(tmp_path: Path) -> None:
    for number in range(30):
        save(tmp_path / SYNSETS[number % 5] / f"{number}.JPEG", number)
    images = find_images([tmp_path])
    chosen = choose(images, 10, seed=1)
    assert len(set(chosen)) == 10
    assert chosen == choose(images, 10, seed=1) != choose(images, 10, seed=2)
    assert choose(images, 0, seed=1) == choose(images, 99, seed=1) == images
    with pytest.raises(UsageError):
        choose(images, -1, seed=1)


@pytest.mark.parametrize("shape", [(90, 131), (131, 90), (64, 64), (40, 200)])
@pytest.mark.parametrize("resize", [0, 57, 80])
def test_preparation_is_torchvisions(tmp_path: Path, shape: tuple[int, int], resize: int) -> None:
    pixels = picture(1, shape)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    steps = [transforms.Resize(resize)] if resize else []
    official = transforms.Compose([*steps, transforms.CenterCrop(48)])(Image.fromarray(pixels))
    found = prepare(tmp_path / "a.png", resize=resize, crop=48)
    np.testing.assert_array_equal(found, np.asarray(official))
