"""`bapps-2afc` and `bapps-jnd` from folders to tables."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import lpips as package
import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from srbench.commands.studies import bapps_2afc, bapps_jnd
from srbench.core.devices import Batches
from srbench.core.records import UsageError, UserError
from srbench.datasets.bapps import Item, read_patch
from srbench.metrics.catalogue import METRICS
from srbench.metrics.contract import Metric, View
from srbench.metrics.deep.features import ALEX, Backbone, open_network
from srbench.metrics.deep.gram import GramDistance
from srbench.metrics.deep.lpips import FeatureDistance
from srbench.protocols import PROTOCOLS
from srbench.runs import choose
from srbench.studies.bapps import benchmark
from srbench.studies.bapps.benchmark import Finished, Options, run
from srbench.studies.bapps.distances import Features, NetworkMetrics
from srbench.studies.bapps.export import markdown
from srbench.studies.bapps.measure import SubsetDistances
from srbench.studies.bapps.results import GROUPS, reported_scores, two_afc_results
from srbench.studies.reported import reported
from tests.metrics.deep_fixtures import no_initialisation, pulled, with_random_weights
from tests.studies.bapps.made import make_2afc, make_jnd


def _run(tmp_path: Path, **changes: object) -> Finished:
    options = Options("2afc", "psnr_y", "val", (), (tmp_path,), tmp_path / "out")
    return run(replace(options, **changes), say=print)  # type: ignore[arg-type]


def _values(finished: Finished, group: str) -> dict[str, float]:
    return {score.metric: score.value for score in finished.results.scores if score.group == group}


@pytest.fixture(scope="module")
def published_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the made weights lie."""
    return tmp_path_factory.mktemp("published")


@pytest.fixture
def alex(published_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Backbone:
    """AlexNet with random weights behind the names of the real metrics."""
    backbone = pulled(ALEX, published_folder)[0]

    def resolve(name: str) -> Metric:
        metric = METRICS.get(name)
        if isinstance(metric.compute, FeatureDistance | GramDistance):
            compute = replace(metric.compute, backbone=backbone)
            return replace(metric, compute=compute, weights=(backbone.file,))
        return metric

    monkeypatch.setattr(choose, "resolve_metric", resolve)
    return backbone


def test_exact_scores_on_a_part(tmp_path: Path) -> None:
    scores = make_2afc(tmp_path, "superres", 16)
    finished = _run(tmp_path, metrics="psnr_y,rmse_y,ssim_y")
    for group in ("superres", "real", "all"):
        values = _values(finished, group)
        assert values["psnr_y"] == pytest.approx(100 * np.mean(scores), abs=1e-5)
        assert values["rmse_y"] == pytest.approx(100 * np.mean(scores), abs=1e-5)
    partial = {score.group: score.partial for score in finished.results.scores}
    assert partial == {"superres": False, "real": True, "all": True}
    assert "1 of 6 subsets are here" in (tmp_path / "out" / "2afc.md").read_text()


def test_groups_are_means_of_subsets(tmp_path: Path) -> None:
    of_subset = {
        name: np.mean(make_2afc(tmp_path, name, count, seed=count))
        for name, count in (("traditional", 5), ("cnn", 9), ("superres", 7), ("deblur", 3))
    }
    finished = _run(tmp_path)
    expected = {
        "distortions": [of_subset["traditional"], of_subset["cnn"]],
        "real": [of_subset["superres"], of_subset["deblur"]],
        "all": list(of_subset.values()),
    }
    for group, parts in expected.items():
        assert _values(finished, group)["psnr_y"] == pytest.approx(100 * np.mean(parts), abs=1e-5)


def test_reported_groups_are_means_of_reported_subsets() -> None:
    """The paper's columns "All" follow from its other columns, which fixes how groups are made.

    The paper rounds all of them to 0.1, so that a larger difference is a mistake of ours in reading it.
    """
    reported = reported_scores()
    checked = []
    for metric, group in reported:
        parts = [reported[metric, name] for name in GROUPS[group] if (metric, name) in reported]
        if len(GROUPS[group]) > 1 and len(parts) == len(GROUPS[group]):
            checked.append((metric, group))
            assert np.mean(parts) == pytest.approx(reported[metric, group], abs=0.1), (metric, group)
    assert len(checked) > 30


def test_both_files_of_reported_numbers_are_of_one_table() -> None:
    kinds = {"lpips": "lpips", "net-f": "feat", "net-g": "gram"}
    groups = {
        "distortions_all": "distortions",
        "video_deblur": "deblur",
        "colorization": "color",
        "frame_interp": "frameinterp",
        "real_all": "real",
    }
    found = {}
    for row in reported("tsrn"):
        if row.table == "5":
            kind, _, network = row.method.partition(":")
            metric = f"{kinds[kind]}-{network.removesuffix('-lin')}" if network else kind
            group = row.dataset.rpartition("/")[2]
            found[metric, groups.get(group, group)] = row.value
    assert found == reported_scores()


def test_networks_in_batches_equal_single_views(tmp_path: Path, alex: Backbone) -> None:
    make_2afc(tmp_path, count=7)
    names = ("lpips-alex", "feat-alex", "gram-alex")
    measured = {}
    for size in (1, 3, 50):
        _run(tmp_path, metrics=",".join(names), batch_size=size)
        with (tmp_path / "out" / "items.csv").open() as stream:
            measured[size] = {
                (row["item"], row["metric"]): [float(value) for value in row["distances"].split()]
                for row in csv.DictReader(stream)
            }
    protocol = PROTOCOLS.get("bapps")
    computes = {
        "lpips-alex": FeatureDistance(alex, linear=True),
        "feat-alex": FeatureDistance(alex, linear=False),
        "gram-alex": GramDistance(alex),
    }
    folder = tmp_path / "2afc" / "val" / "superres"
    for (item, name), batched in measured[50].items():
        views = [View(read_patch(folder / role / f"{item}.png"), protocol, 1) for role in ("ref", "p0", "p1")]
        single = [computes[name](role, views[0]) for role in views[1:]]
        for found in (batched, measured[1][item, name], measured[3][item, name]):
            # Gram distances are too small for an absolute tolerance.
            assert found == pytest.approx(single, rel=1e-5, abs=0 if name == "gram-alex" else 1e-6)
        if int(item) % 4 == 3:
            assert batched[0] == batched[1]


def test_gram_variants_stand_side_by_side(tmp_path: Path, alex: Backbone) -> None:
    make_2afc(tmp_path, count=4)
    finished = _run(tmp_path, metrics="gram-alex", gram_variants=True)
    values = _values(finished, "superres")
    assert len(values) == 2 + 1 + 12
    assert values["gram-alex"] == values["gram-alex:penultimate/unit/positions"]
    assert "gram-alex:all/raw/none" in values


def test_networks_trained_as_a_whole(tmp_path: Path, published_folder: Path, alex: Backbone) -> None:
    """A state dict of the lpips package gives the package's own decisions."""
    make_2afc(tmp_path, count=6)
    network = with_random_weights(ALEX, published_folder)[1]
    with no_initialisation(), warnings.catch_warnings(action="ignore"):
        official = package.LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    slices = [part for name, part in official.net.named_children() if name.startswith("slice")]
    for layer, source in zip(
        (layer for part in slices for layer in part.children()), network.features, strict=False
    ):  # type: ignore[arg-type]
        layer.load_state_dict(source.state_dict())
    torch.save(official.state_dict(), tmp_path / "tuned.pth")
    finished = _run(tmp_path, metrics="lpips-alex", variants=(f"lpips-alex-tune={tmp_path / 'tuned.pth'}",))
    values = _values(finished, "superres")
    assert values["lpips-alex-tune"] == values["lpips-alex"]
    with pytest.raises(
        UserError,
        match=r"of LPIPS with SqueezeNet.*; give another file with --variant lpips-squeeze-tune=FILE",
    ):
        _run(tmp_path, variants=(f"lpips-squeeze-tune={tmp_path / 'tuned.pth'}",))
    with pytest.raises(UsageError, match="NAME=FILE"):
        _run(tmp_path, variants=("tuned.pth",))


def test_unreadable_images_are_left_out_with_a_reason(tmp_path: Path) -> None:
    scores = make_2afc(tmp_path, count=8)
    (tmp_path / "2afc" / "val" / "superres" / "p1" / "000002.png").write_bytes(b"no image")
    finished = _run(tmp_path)
    score = next(score for score in finished.results.scores if score.metric == "psnr_y")
    assert (score.n, score.expected, score.partial) == (7, 8, True)
    assert score.value == pytest.approx(100 * np.mean(scores[:2] + scores[3:]), abs=1e-5)
    assert "000002.png" in (tmp_path / "out" / "items.csv").read_text()


def test_missing_weights_and_unknown_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    make_2afc(tmp_path, count=2)
    with pytest.raises(UserError, match="srbench metrics pull lpips-alex"):
        _run(tmp_path, metrics="lpips-alex")
    with pytest.raises(UsageError, match="did you mean"):
        _run(tmp_path, metrics="lpips-alexx")
    finished = _run(tmp_path, metrics="all")
    assert "srbench metrics pull gram-vgg" in finished.skipped["gram-vgg"]
    assert json.loads((tmp_path / "out" / "run.json").read_text())["left_out"] == finished.skipped


def test_tests_between_metrics(tmp_path: Path) -> None:
    make_2afc(tmp_path, count=12)
    finished = _run(tmp_path, metrics="psnr_y,rmse_y")
    test = finished.results.tests[0]
    assert (test.metric_a, test.metric_b, test.n, test.difference) == ("psnr_y", "rmse_y", 12, 0.0)
    assert test.p_holm == 1.0


def test_jnd(tmp_path: Path) -> None:
    from srbench.studies.bapps.agreement import average_precision

    shifts, same = make_jnd(tmp_path)
    finished = _run(tmp_path, kind="jnd", metrics="rmse_y")
    expected = 100 * average_precision(np.array(shifts, float), np.array(same))
    assert _values(finished, "cnn")["rmse_y"] == pytest.approx(expected, abs=1e-9)


def test_all_of_jnd_is_its_two_subsets(tmp_path: Path) -> None:
    make_jnd(tmp_path, "traditional", seed=1)
    make_jnd(tmp_path, "cnn")
    finished = _run(tmp_path, kind="jnd", metrics="rmse_y")
    groups = {score.group: score for score in finished.results.scores}
    assert list(groups) == ["traditional", "cnn", "all"]
    assert not any(score.partial for score in groups.values())
    assert groups["all"].value == pytest.approx((groups["traditional"].value + groups["cnn"].value) / 2)
    assert "subsets are here" not in (tmp_path / "out" / "jnd.md").read_text()


def _judged(subset: str, count: int, metrics: tuple[str, ...]) -> SubsetDistances:
    """A subset of so many items; all distances are equal."""
    items = [Item(subset, f"{number:06d}", (), 0.4) for number in range(count)]
    return SubsetDistances(items, np.arange(count), {name: np.ones((count, 2)) for name in metrics})


def test_reported_numbers_stand_beside_as_many_items_only() -> None:
    """The validation split has 4.7k, 4.7k, 10.9k, 9.4k, 4.7k, 1.9k triplets (Zhang et al., CVPR 2018)."""
    metrics = ("lpips-vgg", "lpips-vgg-v0.0")
    counts = {"traditional": 4720, "cnn": 4720, "superres": 4, "frameinterp": 1888}
    measured = {name: _judged(name, count, metrics) for name, count in counts.items()}
    measured["frameinterp"].distances["lpips-vgg-v0.0"][:200] = np.nan  # not all of them scored
    scores = {(one.metric, one.group): one for one in two_afc_results(measured, reported_scores()).scores}
    known = {group: score.reported for (metric, group), score in scores.items() if metric == "lpips-vgg"}
    assert known == {
        "traditional": 76.0, "cnn": 82.8, "distortions": 79.4, "superres": None, "frameinterp": 63.0,
        "real": None, "all": None,
    }  # fmt: skip
    # Both releases stand beside the paper's number, which is of one of them.
    assert scores["lpips-vgg-v0.0", "cnn"].reported == 82.8
    assert scores["lpips-vgg-v0.0", "frameinterp"].reported is None
    text = markdown("2afc", list(scores.values()))
    assert "lpips-vgg (v0.1)" in text
    assert "(76.0†)" in text
    assert "† not printed" in text


def test_four_triplets_have_no_reported_number_beside_them(tmp_path: Path) -> None:
    make_2afc(tmp_path, count=4)
    assert {score.reported for score in _run(tmp_path).results.scores} == {None}


def test_distances_that_are_no_numbers_have_a_reason(
    tmp_path: Path, alex: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_2afc(tmp_path, count=6)

    def broken(reference: Features, roles: Sequence[Features]) -> list[torch.Tensor]:
        return [torch.full((len(reference.unit[0]),), torch.nan) for _ in roles]

    groups = [NetworkMetrics(open_network(alex), {"gram-alex": broken})]
    monkeypatch.setattr(benchmark, "network_groups", lambda *_: groups)
    finished = _run(tmp_path, metrics="gram-alex,psnr_y")
    assert {score.n for score in finished.results.scores if score.metric == "gram-alex"} == {0}
    with (tmp_path / "out" / "items.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["metric"] == "gram-alex"]
    assert {(row["distances"], row["status"]) for row in rows} == {
        ("", "gram-alex is not a number on this item")
    }
    with pytest.raises(UserError, match="nothing could be measured: gram-alex is not a number"):
        _run(tmp_path, metrics="gram-alex")


def test_commands(tmp_path: Path) -> None:
    make_2afc(tmp_path, count=4)
    make_jnd(tmp_path)
    app = typer.Typer()
    app.command()(bapps_2afc)
    app.command()(bapps_jnd)
    for command, table in (("bapps-2afc", "2afc.csv"), ("bapps-jnd", "jnd.csv")):
        out = tmp_path / command
        arguments = [command, "--metrics", "psnr_y", "--data-root", str(tmp_path), "--out", str(out)]
        result = CliRunner().invoke(app, [*arguments, "--device", "cpu"], catch_exceptions=False)
        assert result.exit_code == 0
        assert (out / table).is_file()


def test_out_of_memory_halves_the_batch() -> None:
    said: list[str] = []
    sizes: list[int] = []

    def work(items: Sequence[int]) -> list[int]:
        sizes.append(len(items))
        if len(items) > 3:
            raise torch.OutOfMemoryError("made")
        return [2 * item for item in items]

    batches = Batches(8, said.append)
    assert batches.run(work, list(range(7))) == [2 * item for item in range(7)]
    assert sizes == [7, 3, 3, 1]
    assert said == ["the GPU's memory is too small for batches of 7; going on with 3"]

    def never(items: Sequence[int]) -> list[int]:
        raise torch.OutOfMemoryError("made")

    with pytest.raises(UserError, match="--device cpu"):
        Batches(2, said.append).run(never, [1, 2])
