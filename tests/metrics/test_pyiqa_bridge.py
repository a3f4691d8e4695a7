"""Metrics of pyiqa: what they see, where their files lie, what is said where they are not here."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from srbench.core.files import cache_folder
from srbench.core.records import Unscorable, UsageError, UserError
from srbench.metrics import measure
from srbench.metrics.catalogue import METRICS, resolve
from srbench.metrics.deep.features import VGG
from srbench.metrics.pyiqa_bridge import fetch, forget, licence_warning
from srbench.metrics.pyiqa_known import KNOWN
from tests.helpers import command, picture, save
from tests.metrics.deep_fixtures import random_classifier

download_util = pytest.importorskip("pyiqa.utils.download_util", reason="pyiqa is not installed")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("HTTPSConnectionPool(host='x', port=443): Max retries exceeded")

    monkeypatch.setenv("SRBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download_util, "download_url_to_file", refuse)


@pytest.mark.usefixtures("offline")
def test_files_that_are_not_here_are_one_line_without_a_chain_of_objects(
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = download_util.DEFAULT_CACHE_DIR
    with pytest.raises(
        UserError, match=r"cannot be downloaded \(no connection\): fetch https://.*musiq"
    ) as caught:
        fetch("musiq")
    assert "HTTPSConnectionPool" not in str(caught.value)
    assert "metrics pull pyiqa:musiq --from FILE" in str(caught.value)
    assert capfd.readouterr().out == ""
    assert before == download_util.DEFAULT_CACHE_DIR


@pytest.mark.usefixtures("offline")
def test_given_files_are_verified_by_the_hash_in_their_name(tmp_path: Path) -> None:
    content = b"weights"
    digest = hashlib.sha256(content).hexdigest()[:8]
    (tmp_path / f"a-{digest}.pth").write_bytes(content)
    (tmp_path / "b-00000000.pth").write_bytes(content)
    with pytest.raises(UserError, match=r"b-00000000\.pth is not the published file"):
        fetch("psnr", [tmp_path / "b-00000000.pth"])
    assert fetch("psnr", [tmp_path / f"a-{digest}.pth"]) == cache_folder() / "pyiqa"
    for folder in ("pyiqa", "checkpoints"):  # where pyiqa and torch hub look
        assert (cache_folder() / folder / f"a-{digest}.pth").read_bytes() == content


@pytest.mark.parametrize("name", ["fid", "sfid", "inception_score"])
def test_metrics_of_sets_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="compares whole sets of images"):
        resolve(f"pyiqa:{name}")


@pytest.mark.parametrize(
    ("name", "higher", "reference"),
    [("dists", False, True), ("musiq", True, False), ("clipiqa", True, False), ("topiq_fr", True, True)],
)
def test_directions_and_needs_are_the_publications(name: str, higher: bool, reference: bool) -> None:
    metric = resolve(f"pyiqa:{name}")
    assert (metric.higher_is_better, metric.needs_reference) == (higher, reference)


def test_the_licence_is_said_once_and_only_where_it_binds(tmp_path: Path) -> None:
    image = save(tmp_path / "a.png", np.asarray(picture(32, 32)))
    ended = command("score", image, "--reference", image, "--metrics", "psnr_y,pyiqa:psnr", "--device", "cpu")
    assert ended.code == 0
    assert ended.err.count("no commercial use") == 1
    assert licence_warning(["psnr_y"]) == ""
    assert "no commercial use" in licence_warning(["dists"])


def test_what_is_said_of_known_metrics_is_what_pyiqa_says() -> None:
    configurations = pytest.importorskip("pyiqa.default_model_configs").DEFAULT_CONFIGS
    for name, known in KNOWN.items():
        configuration = configurations[name]
        assert known.higher_is_better == (not configuration.get("lower_better", False)), name
        assert known.needs_reference == (configuration["metric_mode"] == "FR"), name
        assert name not in METRICS


@pytest.fixture
def made_dists(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """DISTS with seeded values in place of the published ones; the seed is the list's last number."""
    torch = pytest.importorskip("torch")
    arch = pytest.importorskip("pyiqa.archs.dists_arch")
    seeds = [1]

    def load(network: torch.nn.Module, *_: object) -> None:
        generator = torch.Generator().manual_seed(seeds[-1])
        for name in ("alpha", "beta"):
            getattr(network, name).data.uniform_(0.05, 0.15, generator=generator)

    monkeypatch.setenv("SRBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(arch, "load_pretrained_network", load)
    backbone = random_classifier(VGG)
    monkeypatch.setattr(arch.models, "vgg16", lambda **_: backbone)
    forget()
    return seeds


def test_a_pulled_metric_has_its_hash_recorded_and_refuses_other_weights(
    made_dists: list[int], tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch")
    assert resolve("dists").weights == ()
    result = command("metrics", "pull", "DISTS")
    assert (result.code, result.err.count("no commercial use")) == (0, 1)
    metric = resolve("Dists")
    assert (metric.name, metric.title) == ("pyiqa:dists", "DISTS")
    assert len(metric.weights[0].cached.read_text().strip()) == 64
    images = [picture(64, 72, seed=seed) for seed in (1, 2)]
    for name, image in zip(("a", "b"), images, strict=True):
        save(tmp_path / f"{name}.png", image)
    value = measure("dists", tmp_path / "a.png", tmp_path / "b.png", protocol="bapps", device="cpu")
    network = pytest.importorskip("pyiqa.archs.dists_arch").DISTS().eval()
    tensors = [torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255 for image in images]
    assert value == pytest.approx(float(network(*tensors).detach()), rel=1e-5)
    assert abs(measure("dists", images[0], images[0], protocol="bapps", device="cpu")) < 1e-5
    made_dists.append(2)
    forget()
    with pytest.raises(Unscorable, match="not those that were pulled"):
        measure("dists", images[0], images[1], protocol="bapps", device="cpu")
    assert command("metrics", "pull", "dists").code == 0
    assert measure("dists", images[0], images[1], protocol="bapps", device="cpu") != value


def test_the_list_says_what_was_not_pulled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SRBENCH_CACHE", str(tmp_path))
    rows = {row["name"]: row for row in json.loads(command("metrics", "list", "--json").out)}
    assert "srbench metrics pull pyiqa:musiq" in rows["pyiqa:musiq"]["missing"]
    assert rows["psnr_y"]["missing"] is None
