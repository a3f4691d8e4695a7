"""`srbench train`: overrides with checked types, one-line errors, and the folder of the finished model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from srbench.core.files import cache_folder
from srbench.core.records import Pair, Sample, UsageError
from srbench.core.weights import load
from srbench.methods.catalogue import METHODS
from srbench.methods.contract import Runtime
from srbench.methods.trained import model_folders
from srbench.train import job
from srbench.train.optimisation import learning_rate
from srbench.train.overrides import changed, parse
from srbench.train.recipes import RECIPES
from tests.helpers import command, picture
from tests.train.small import annotations, images

TINY = ("--device", "cpu", "--crop", "48", "--batch", "1", "--iterations", "2")


def test_list_names_every_recipe() -> None:
    result = command("train", "list")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()] == RECIPES.names()


def test_a_run_writes_the_model_folder_and_installs_it(tmp_path: Path) -> None:
    data, out = images(tmp_path / "data", count=2), tmp_path / "run"
    result = command("train", "espcn", "--data", data, "--out", out, *TINY, "--install")
    assert result.code == 0, result.err
    model = out / "model"
    assert {path.name for path in model.iterdir()} == {
        "weights.safetensors", "recipe.json", "curve.csv", "card.md",
    }  # fmt: skip
    tensors, metadata = load(model / "weights.safetensors")
    assert all(tensor.dtype == np.float16 for tensor in tensors.values())
    assert metadata["recipe"] == "espcn"
    assert json.loads((model / "recipe.json").read_text())["iterations"] == 2
    text = (model / "card.md").read_text()
    assert all(part in text for part in ("# espcn", "2 of 2", "data, 2 images", "not the authors' weights"))
    assert "- Other than the recipe's: crop 48 (100), batch 1 (16), iterations 2 (100000)\n" in text
    # Installed weights make the method run.
    low = picture(8, 8)
    pair = Pair("test", "image", 4, Path("none"), None)
    upscale = METHODS.get("espcn").open(Runtime())
    assert upscale(Sample(pair, np.zeros((32, 32, 3), np.uint8), low)).shape == (32, 32, 3)


def test_the_list_says_which_training_hides_a_model_that_ships(tmp_path: Path) -> None:
    shipped = next(folder / "espcn" for folder in model_folders()[1:] if (folder / "espcn").is_dir())
    installed = cache_folder() / "reference_models" / "espcn"
    shutil.copytree(shipped, installed)
    (line,) = (one for one in json.loads(command("methods", "list", "--json").out) if one["name"] == "espcn")
    assert f"hides the model that ships; delete {installed}" in line["summary"]


def test_a_training_repeated_gives_the_same_bytes(tmp_path: Path) -> None:
    data = images(tmp_path / "data", count=2)
    for name in ("a", "b"):
        result = command("train", "espcn", "--data", data, "--out", tmp_path / name, *TINY)
        assert result.code == 0, result.err
    first, second = ((tmp_path / name / "model" / "weights.safetensors").read_bytes() for name in ("a", "b"))
    assert first == second


@pytest.mark.parametrize(
    ("recipe", "more"), [("vdsr", ()), ("espcn", ("--scale", "2")), ("tsrn-s", ("--annotations", "maps"))]
)
def test_what_no_method_would_find_is_not_installed(
    tmp_path: Path, recipe: str, more: tuple[str, ...]
) -> None:
    result = command("train", recipe, "--data", tmp_path, *TINY, *more, "--install")
    assert result.code == 2
    assert f"no method takes the weights of {recipe}" in result.message


def test_test_sets_are_looked_up_before_the_training(tmp_path: Path) -> None:
    data, out = images(tmp_path / "data", count=1), tmp_path / "run"
    for name, code in (("sett5", 2), ("set5", 1)):
        assert command("train", "espcn", "--data", data, "--out", out, *TINY, "--test", name).code == code
    assert not out.exists()


def test_other_maps_of_one_folder_are_another_source(tmp_path: Path) -> None:
    folder = annotations(tmp_path / "maps", images(tmp_path / "data", count=2))
    before = job.regions_of(RECIPES.get("tsrn-s"), folder)["mask_source"]
    assert job.regions_of(RECIPES.get("tsrn-s"), folder)["mask_source"] == before
    (folder / "0.png").unlink()
    assert job.regions_of(RECIPES.get("tsrn-s"), folder)["mask_source"] != before


def test_a_model_with_random_features_has_a_name_that_says_so(tmp_path: Path) -> None:
    data, out = images(tmp_path / "data", count=1), tmp_path / "run"
    result = command(
        "train", "srgan-vgg54", "--data", data, "--out", out, "--features", "vgg19-random",
        "--start-from", "none", *TINY, "--batch", "2",
    )  # fmt: skip
    assert result.code == 0, result.err
    text = (out / "model" / "card.md").read_text()
    assert text.startswith("# srgan-vgg54-random")
    assert "vgg19-random (**not the paper's**)" in text
    assert "srgan-vgg54-random" in METHODS


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("espcm", "--data", "."), 2, "unknown recipe 'espcm'; did you mean espcn"),
        (("espcn",), 2, "training needs --data DIR"),
        (("espcn", "--data", "nowhere"), 1, "nowhere: no such folder"),
        (("tsrn-s", "--data", "."), 2, "tsrn-s needs --annotations DIR"),
        (("espcn", "--data", ".", "--set", "crops=3"), 2, "no setting 'crops'; did you mean crop"),
        (("espcn", "--data", ".", "--set", "batch=many"), 2, "batch is a whole number, not 'many'"),
        (("espcn", "--data", ".", "--set", "schedule=line"), 2, "schedule is one of steps, cosine"),
        (("espcn", "--data", ".", "--set", "batch"), 2, "--set needs NAME=VALUE"),
        (("espcn", "--data", ".", "--crop", "18"), 2, "crop must be a multiple of the scale 4"),
        (("espcn", "--data", ".", "--crop", "32"), 2, "border must leave something of the crop 32"),
        (("esrgan", "--data", ".", "--set", "border=4"), 2, "losses of pixels only"),
        (("srgan-mse", "--data", ".", "--crop", "40"), 2, "a crop that is a multiple of 16"),
        (("enet-p", "--data", ".", "--crop", "16"), 2, "the features of pool5 need a crop of 32"),
        (("rrdb-psnr", "--data", ".", "--scale", "8"), 2, "exists for 4x only"),
        (("espcn", "--data", ".", "--set", "terms.l1.weight=1"), 2, "no term 'l1'; it has: mse"),
        (("srgan-mse", "--data", ".", "--set", "discriminator=none"), 2, "a discriminator, or neither"),
        (("espcn", "--data", ".", "--precision", "8-bit"), 2, "unknown precision '8-bit'"),
        (("espcn", "--data", ".", "--seed", "-1"), 2, "seed must be at least 0"),
        (("espcn", "--data", ".", "--set", "momentum=1.5"), 2, "momentum must be at least 0 and below 1"),
        (("espcn", "--data", ".", "--set", "weight_decay=-1"), 2, "weight_decay must not be negative"),
        (
            ("espcn", "--data", ".", "--set", "shrink=0.9,1.5"),
            2,
            "shrink takes factors between 0 and 1, not 0.9, 1.5",
        ),
        (
            ("srcnn", "--data", ".", "--start-from", "x.pth", "--crop", "16", "--set", "border=0"),
            1,
            "choose: --start-from FILE",
        ),
    ],
)
def test_mistakes_are_one_line(
    arguments: tuple[str, ...], code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(images(tmp_path / "data", count=1))
    result = command("train", *arguments)
    assert message in result.message
    assert result.code == code


def test_overrides_take_the_types_of_the_fields() -> None:
    recipe = RECIPES.get("srgan-vgg22")
    values = parse(
        recipe, ["milestones=10,20", "terms.adversarial.weight=0.5", "start_from=none", "decay=0.2"]
    )
    made = changed(recipe, values)
    assert made.milestones == (10, 20)
    assert made.start_from is None
    assert made.decay == 0.2
    assert [term.weight for term in made.terms if term.kind == "adversarial"] == [0.5]
    with pytest.raises(UsageError, match="true or false"):
        parse(recipe, ["start_at_bicubic=1"])


def test_milestones_move_with_the_iterations() -> None:
    assert changed(RECIPES.get("esrgan"), {"iterations": 4000}).milestones == (500, 1000, 2000, 3000)


def test_learning_rates_are_the_papers() -> None:
    rrdb, gan = RECIPES.get("rrdb-psnr"), RECIPES.get("srgan-vgg54")
    assert [learning_rate(rrdb, step) for step in (0, 199_999, 200_000, 400_000)] == [2e-4, 2e-4, 1e-4, 5e-5]
    assert [learning_rate(gan, step) for step in (0, 99_999)] == [1e-4, 1e-4]
    assert learning_rate(gan, 100_000) == pytest.approx(1e-5)
    espcn = RECIPES.get("espcn")
    assert learning_rate(espcn, espcn.iterations // 2) == pytest.approx(espcn.learning_rate / 2)


def test_recipes_state_what_their_papers_do() -> None:
    for name in ("srresnet-mse", "srresnet-vgg22", "srgan-mse", "srgan-vgg22", "srgan-vgg54"):
        recipe = RECIPES.get(name)
        assert (recipe.crop, recipe.batch, recipe.learning_rate) == (96, 16, 1e-4)
        variation = [term.weight for term in recipe.terms if term.kind == "total-variation"]
        assert variation == ([2e-8] if name.endswith("vgg22") else [])
    esrgan = {term.kind: term for term in RECIPES.get("esrgan").terms}
    assert (esrgan["relativistic"].weight, esrgan["l1"].weight) == (5e-3, 1e-2)
    assert esrgan["features"].layers == ("conv5_4",)
    tsrn = RECIPES.get("tsrn-g").terms
    assert len(tsrn) == 1
    assert tsrn[0].layers == ("relu2_2", "relu3_4", "relu4_4", "relu5_2")
