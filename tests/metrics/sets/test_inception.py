"""The Inception network and its inputs against pyiqa's copies of pytorch-fid and clean-fid, made weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srbench.core.records import UserError
from srbench.core.weights import pull
from srbench.metrics.sets import inception
from srbench.metrics.sets.catalogue import PATCH, SETS
from tests.helpers import picture
from tests.metrics.sets.made import made_weights

torch = pytest.importorskip("torch")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with made_weights(tmp_path / "made") as found:
        yield found


@pytest.fixture
def published(state: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """pyiqa's network of the same weights."""
    arch = pytest.importorskip("pyiqa.archs.inception")

    def load(network: Any, _: str) -> None:
        network.load_state_dict(state)

    monkeypatch.setattr(arch, "load_pretrained_network", load)
    return arch.InceptionV3().eval()


@pytest.mark.parametrize(("resize", "mode"), [("bilinear", "legacy_pytorch"), ("clean", "clean")])
def test_features_are_those_of_the_published_programs(published: Any, tmp_path: Path, resize: str, mode: str):
    from PIL import Image

    fid = pytest.importorskip("pyiqa.archs.fid_arch")
    image = picture(97, 143, seed=3)
    Image.fromarray(image).save(tmp_path / "image.png")
    wanted = fid.get_folder_features(
        str(tmp_path),
        published,
        num_workers=0,
        batch_size=1,
        device=torch.device("cpu"),
        mode=mode,
        verbose=False,
    )
    found = inception.features(image, resize)  # type: ignore[arg-type]
    assert (found.shape, found.dtype) == ((inception.FEATURES,), np.float32)
    assert np.ptp(found) > 0.1
    np.testing.assert_allclose(found, wanted[0], rtol=1e-4, atol=1e-5)


def test_patches_are_two_grids(monkeypatch: pytest.MonkeyPatch):
    seen = []

    def features(part: np.ndarray, *_: object) -> np.ndarray:
        seen.append((int(part[0, 0, 0]), int(part[0, 0, 1]), part.shape[:2]))
        return np.zeros(3, np.float32)

    monkeypatch.setattr("srbench.metrics.sets.catalogue.features", features)
    rows, columns = np.meshgrid(np.arange(600) // 8, np.arange(900) // 8, indexing="ij")
    image = np.stack([rows, columns, rows], axis=2).astype(np.uint8)
    metric = SETS.get(f"fid-patch{PATCH}")
    assert metric.features(image).shape == (9, 3)
    corners = [(0, 0), (0, 256), (0, 512), (256, 0), (256, 256), (256, 512)]
    corners += [(128, 128), (128, 384), (128, 640)]
    assert [(row * 8, column * 8) for row, column, _ in seen] == corners
    assert {shape for *_, shape in seen} == {(PATCH, PATCH)}
    assert metric.features(image[:255]).shape[0] == 0


def test_a_file_of_another_network_is_refused(tmp_path: Path):
    path = tmp_path / "other.pth"
    torch.save({"fc.weight": torch.zeros(3)}, path)
    with pytest.raises(UserError, match="not the published inception-fid"):
        pull(inception.FILE, path)
