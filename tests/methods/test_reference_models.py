"""The models that ship: their cards tell the truth about them, and they are what the README says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from srbench.core.files import file_hash
from srbench.methods import trained
from srbench.methods.catalogue import METHODS
from srbench.methods.contract import Method
from srbench.methods.networks.method import NetworkMethod
from srbench.train.recipes import RECIPES
from tests.conftest import REPOSITORY
from tests.helpers import command, rows

FOLDER = REPOSITORY / "reference_models"
MODELS = sorted(path.parent.name for path in FOLDER.glob("*/weights.safetensors"))
LARGEST = 40 * 10**6  # bytes, all of them together

pytestmark = pytest.mark.skipif(not MODELS, reason="not a checkout: no reference_models/")


def _card(name: str) -> str:
    return (FOLDER / name / "card.md").read_text(encoding="utf-8")


def _measured(name: str) -> dict[str, float]:
    """The card's values on Set5 under the protocol srbench, by metric."""
    found = re.findall(r"^\| set5 \| srbench \| (\w+) \| ([\d.]+) \|", _card(name), re.MULTILINE)
    return {metric: float(value) for metric, value in found}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_complete_and_its_card_is_of_these_weights(name: str) -> None:
    assert {path.name for path in (FOLDER / name).iterdir()} == {
        "card.md", "curve.csv", "recipe.json", "weights.safetensors",
    }  # fmt: skip
    text = _card(name)
    assert text.startswith(f"# {name}\n")
    assert file_hash(FOLDER / name / "weights.safetensors") in text
    assert "not the authors' weights" in text
    recipe = json.loads((FOLDER / name / "recipe.json").read_text(encoding="utf-8"))
    assert recipe["name"] in RECIPES
    assert _method(name).unavailable() is None
    assert "not the authors' weights" in _method(name).remark


def _method(model: str) -> Method:
    """The method that takes its weights from a trained model."""
    (method,) = (
        method for method in METHODS
        if any(isinstance(file, trained.TrainedFile) and file.model == model for file in method.weights)
    )  # fmt: skip
    return method


TRAINED = [
    method.name for method in METHODS if isinstance(method, NetworkMethod) and method.training is not None
]


@pytest.mark.parametrize("name", TRAINED)
def test_a_missing_model_names_the_recipe_that_makes_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained, "model_folders", tuple)
    reason = METHODS.get(name).unavailable()
    assert reason is not None
    assert f"srbench methods pull {name} --from FILE" in reason
    named = re.search(r"srbench train ([\w-]+)", reason)
    if named is None:
        assert name not in RECIPES
    else:
        assert RECIPES.get(named[1]).method == name.removesuffix("-random").removesuffix("-srbench")


def test_all_models_together_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < LARGEST


def test_the_table_of_the_readme_is_that_of_the_cards() -> None:
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name in MODELS:
        value = _measured(name)["psnr_y"]
        assert re.search(rf"^\| {name} \| {value:.2f} \|", table, re.MULTILINE), f"{name}: {value:.2f}"


def test_the_cards_numbers_are_what_a_run_gives(shared: Path, tmp_path: Path) -> None:
    result = command(
        "run", "--methods", ",".join(_method(model).name for model in MODELS),
        "--datasets", "set5", "--metrics", "psnr_y,ssim_y",
        "--data-root", shared / "data", "--out", tmp_path, "--workers", "1", "--device", "cpu",
    )  # fmt: skip
    assert result.code == 0, result.err
    means = {row["method"]: row for row in rows(tmp_path / "leaderboard.csv")}
    for name in MODELS:
        stated = _measured(name)
        # Four printed digits, and a processor's own rounding of single pixels.
        method = _method(name).name
        assert float(means[method]["psnr_y"]) == pytest.approx(stated["psnr_y"], abs=1e-3)
        assert float(means[method]["ssim_y"]) == pytest.approx(stated["ssim_y"], abs=1e-4)


@pytest.mark.parametrize(
    ("with_adversary", "partner"), [("srgan-mse", "srresnet-mse"), ("enet-ea", "enet-e")]
)
def test_an_adversary_costs_psnr_and_gains_naturalness(with_adversary: str, partner: str) -> None:
    """As in the papers: SRGAN, Table 1; EnhanceNet, Tables 2 and 3."""
    if with_adversary not in MODELS:
        pytest.skip(f"{with_adversary} is not shipped")
    ours, theirs = _measured(with_adversary), _measured(partner)
    assert ours["psnr_y"] < theirs["psnr_y"]
    assert ours["niqe"] < theirs["niqe"]
