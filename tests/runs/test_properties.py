"""Runs of the same images and methods say the same, whatever else is in them and however they are done."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from srbench.metrics.catalogue import METRICS
from tests.helpers import command, references, rows, values

# Every metric that needs no weights; a new one is covered by being in the catalogue.
WEIGHTLESS = [metric.name for metric in METRICS if not metric.weights]


def run(images: Path, out: Path, methods: str, *, metrics: list[str] = WEIGHTLESS, workers: int = 1) -> Path:
    result = command(
        "run", "--methods", methods, "--datasets", f"folder:{images}", "--metrics", ",".join(metrics),
        "--workers", str(workers), "--device", "cpu", "--out", out,
    )  # fmt: skip
    assert result.code == 0, result.err
    return out


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return references(tmp_path_factory.mktemp("data") / "mine", count=6)


@pytest.fixture(scope="module")
def plain(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(images, tmp_path_factory.mktemp("plain"), "nearest,bicubic")


def table(out: Path, name: str, *keys: str) -> dict[tuple[str, ...], dict[str, str]]:
    return {tuple(row[key] for key in keys): row for row in rows(out / name)}


def test_the_order_of_methods_and_metrics_does_not_matter(plain: Path, images: Path, tmp_path: Path) -> None:
    other = run(images, tmp_path, "bicubic,nearest", metrics=WEIGHTLESS[::-1])
    for name in ("scores.csv", "leaderboard.csv", "significance.csv"):
        assert (other / name).read_bytes() == (plain / name).read_bytes()


def test_the_number_of_processes_does_not_matter(plain: Path, images: Path, tmp_path: Path) -> None:
    other = run(images, tmp_path, "nearest,bicubic", workers=2)
    for name in ("scores.csv", "leaderboard.csv", "significance.csv"):
        assert (other / name).read_bytes() == (plain / name).read_bytes()


def test_another_method_changes_no_value_and_no_single_test(
    plain: Path, images: Path, tmp_path: Path
) -> None:
    """Only corrections over all pairs may change, and only upwards."""
    other = run(images, tmp_path, "nearest,lanczos,bicubic")
    alone, among = values(plain / "scores.csv"), values(other / "scores.csv")
    assert {key: value for key, value in among.items() if key[0] != "lanczos"} == alone
    keys = ("dataset", "metric", "method_a", "method_b")
    alone_tests, among_tests = (table(out, "significance.csv", *keys) for out in (plain, other))
    for key, test in alone_tests.items():
        again = among_tests[key]
        for column in test.keys() - {"p_holm", "significant"}:
            assert again[column] == test[column]
        assert float(again["p_holm"]) >= float(test["p_holm"])
    boards = [table(out, "leaderboard.csv", "dataset", "method") for out in (plain, other)]
    for key, row in boards[0].items():
        assert {name: boards[1][key][name] for name in row} == row


def test_another_image_changes_no_other_image(plain: Path, images: Path, tmp_path: Path) -> None:
    fewer = tmp_path / "mine"
    fewer.mkdir()
    for path in sorted(images.iterdir())[2:]:
        shutil.copy(path, fewer)
    found = values(run(fewer, tmp_path / "out", "nearest,bicubic") / "scores.csv")
    everything = values(plain / "scores.csv")
    assert found == {key: value for key, value in everything.items() if key[1] in {k[1] for k in found}}
    assert len(found) == len(everything) * 4 // 6
