"""Experiments: every row is a recipe that exists, and a small grid is trained, resumed and tabled."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from srbench.core.records import UsageError, UserError
from srbench.core.weights import load
from srbench.train.ablations import EXPERIMENTS, Experiment, Row
from srbench.train.experiments import Plan, carry_out, constants, recipes
from srbench.train.networks import specification
from tests.helpers import picture, save
from tests.helpers import rows as csv_rows
from tests.train.small import Silent, images


def plan(tmp_path: Path, experiment: Experiment, **changes: object) -> Plan:
    made = Plan(
        experiment=experiment, data=tmp_path / "data", out=tmp_path / "out", budget="cpu",
        features="vgg19-random", test=(), roots=(tmp_path / "roots",), device="cpu", precision="32-true",
    )  # fmt: skip
    return replace(made, **changes)


@pytest.mark.parametrize("name", EXPERIMENTS.names())
@pytest.mark.parametrize("budget", ["cpu", "gpu"])
def test_every_row_is_a_recipe_that_can_be_trained(name: str, budget: str, tmp_path: Path) -> None:
    experiment = EXPERIMENTS.get(name)
    seen: set[str] = set()
    for row, recipe in recipes(plan(tmp_path, experiment, budget=budget)):
        assert not row.start or row.start in seen  # what a row starts from stands before it
        seen.add(row.label)
        assert specification(recipe).scale == 4
        assert recipe.iterations == constants(budget)["iterations"]


def test_the_losses_of_an_ablation_differ_as_the_paper_says(tmp_path: Path) -> None:
    made = {row.label: recipe for row, recipe in recipes(plan(tmp_path, EXPERIMENTS.get("esrgan-ablation")))}
    kinds = {label: [term.kind for term in recipe.terms] for label, recipe in made.items()}
    layers = {label: [term.layers for term in recipe.terms if term.layers] for label, recipe in made.items()}
    assert layers["2: without normalisation"] == [("relu5_4",)]
    assert layers["3: before activation"] == [("conv5_4",)]
    assert "adversarial" in kinds["3: before activation"]
    assert "relativistic" in kinds["4: relativistic adversary"]
    assert made["4: relativistic adversary"].network == "msrresnet"
    assert made["5: RRDB"].network == "rrdb"


@pytest.fixture
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Two rows of two iterations, the second one starting from the first."""
    monkeypatch.setenv("SRBENCH_CACHE", str(tmp_path / "cache"))
    images(tmp_path / "data", side=64)
    save(tmp_path / "roots" / "Set5" / "img_001.png", picture(96, 96, seed=9))
    small = ("border=0", "batch=1", "crop=48")
    rows = (Row("A", "espcn", small), Row("B", "espcn", small, "A"))
    return plan(tmp_path, Experiment("small", "a paper", "two networks", rows), budget="2", test=("set5",))


def test_a_grid_is_trained_once_and_tabled(grid: Plan) -> None:
    report = Silent()
    text = carry_out(grid, report).read_text(encoding="utf-8")
    assert "| A | nothing | none |" in text
    assert "| B | A | none |" in text
    assert "set5/srbench/psnr\\_y" in text or "set5/srbench/psnr_y" in text
    assert (grid.out / "a" / "picture.png").is_file()
    numbers = {(row["training"], row["metric"]): row for row in csv_rows(grid.out / "table.csv")}
    psnr = numbers["B", "psnr_y"]
    assert f"{float(psnr['value']):.4f}" in text
    names = ("experiment", "starts_from", "dataset", "scale", "protocol", "n")
    assert tuple(psnr[name] for name in names) == ("small", "A", "set5", "4", "srbench", "1")
    before = len([line for line in report.said if line.startswith(("A:", "B:"))])
    again = carry_out(grid, report).read_text(encoding="utf-8")
    assert again == text
    assert len([line for line in report.said if line.startswith(("A:", "B:"))]) == before == 2
    # A row of a version that knew fewer constants is not trained again.
    stored = json.loads((grid.out / "a" / "row.json").read_text(encoding="utf-8"))
    del stored["recipe"]["shrink"], stored["recipe"]["terms"][0]["patch"]
    (grid.out / "a" / "row.json").write_text(json.dumps(stored), encoding="utf-8")
    assert carry_out(grid, report).read_text(encoding="utf-8") == text
    assert len([line for line in report.said if line.startswith(("A:", "B:"))]) == 2


def test_what_a_later_row_would_fail_at_is_said_before_the_first(grid: Plan) -> None:
    """Missing features of the second of two rows, a scale without test images, a place for files."""
    rows = (grid.experiment.rows[0], Row("P", "enet-p", ("batch=1", "crop=48", "iterations=1")))
    experiment = replace(grid.experiment, rows=rows)
    for changes in ({"features": "none.pth"}, {"test": ("set14",)}, {"out": Path("/proc/experiment")}):
        report = Silent()
        with pytest.raises(UserError):
            carry_out(replace(grid, experiment=experiment, **changes), report)
        assert (report.said, report.began) == ([], [])


def test_rows_beside_each_other_are_those_one_after_the_other(grid: Plan) -> None:
    carry_out(grid, Silent())
    rows = (*grid.experiment.rows, Row("C", "espcn", ("crop=4096",)))
    other = replace(
        grid, experiment=replace(grid.experiment, rows=rows), out=grid.out.parent / "other", jobs=2
    )
    with pytest.raises(UserError, match="not trained: C;"):  # and the others are kept
        carry_out(other, Silent())
    for row in ("a", "b"):
        assert (other.out / row / "row.json").is_file()
        first, second = (
            load(out / row / "model" / "weights.safetensors")[0] for out in (grid.out, other.out)
        )
        assert first.keys() == second.keys()
        assert all((first[name] == second[name]).all() for name in first)


def test_several_jobs_and_several_devices_a_row_exclude_each_other(grid: Plan) -> None:
    with pytest.raises(UsageError, match="choose one"):
        carry_out(replace(grid, jobs=2, devices=2), Silent())


def test_a_budget_is_a_name_or_a_number() -> None:
    assert constants("300") == {"iterations": 300}
    with pytest.raises(UsageError, match="--budget is cpu, gpu or a number"):
        constants("much")
