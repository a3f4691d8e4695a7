"""Experiments: every row is a recipe that exists, and a small grid is trained, resumed and tabled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from srbench.core.records import UsageError
from srbench.train import experiments
from srbench.train.ablations import EXPERIMENTS, Experiment, Row
from srbench.train.experiments import Plan, carry_out, constants, recipes
from srbench.train.networks import specification
from tests.helpers import picture, save
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


def test_a_grid_is_trained_once_and_tabled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(experiments, "constants", lambda _: {"iterations": 2, "batch": 1, "crop": 48})
    images(tmp_path / "data", side=64)
    save(tmp_path / "roots" / "Set5" / "img_001.png", picture(96, 96, seed=9))
    grid = Experiment(
        "small",
        "a paper",
        "two networks",
        (
            Row("A", "espcn", ("border=0",)),
            Row("B", "espcn", ("border=0",), "A"),
        ),
    )
    report = Silent()
    made = plan(tmp_path, grid, test=("set5",))
    text = carry_out(made, report).read_text(encoding="utf-8")
    assert "| A | nothing | none |" in text
    assert "| B | A | none |" in text
    assert "set5/srbench/psnr\\_y" in text or "set5/srbench/psnr_y" in text
    assert (tmp_path / "out" / "a" / "picture.png").is_file()
    before = len([line for line in report.said if line.startswith(("A:", "B:"))])
    again = carry_out(made, report).read_text(encoding="utf-8")
    assert again == text
    assert len([line for line in report.said if line.startswith(("A:", "B:"))]) == before == 2


def test_a_budget_is_a_name_or_a_number() -> None:
    assert constants("300") == {"iterations": 300}
    with pytest.raises(UsageError, match="--budget is cpu, gpu or a number"):
        constants("much")
