"""Training curves and active neurons: the numbers are those of the files and of the network itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from srbench.core.figures import style
from srbench.train.activations import ACTIVATED, measure
from srbench.train.figures import training_curves
from srbench.train.perception import RANDOM, feature_network
from tests.helpers import command, picture, rows, save

CURVE = """iteration,learning_rate,loss,mse,adversarial,psnr_y,images_per_second,seconds
100,0.0001,0.5,0.4,0.1,,10,1
200,0.0001,0.25,0.2,0.05,26.5,10,2
"""


def _training(folder: Path, curve: str = CURVE) -> Path:
    folder.mkdir()
    (folder / "curve.csv").write_text(curve)
    return folder


def test_one_training_shows_its_terms_several_their_losses(tmp_path: Path) -> None:
    first, second = _training(tmp_path / "first"), _training(tmp_path / "second")
    with style():
        alone, both = training_curves([first]), training_curves([first, second / "curve.csv"])
    lines = {line.get_label(): line.get_xydata().tolist() for line in alone.figure.axes[0].lines}
    assert lines == {
        "loss": [[100, 0.5], [200, 0.25]], "mse": [[100, 0.4], [200, 0.2]],
        "adversarial": [[100, 0.1], [200, 0.05]],
    }  # fmt: skip
    assert [line.get_label() for line in both.figure.axes[0].lines] == ["first", "second"]
    assert both.figure.axes[1].lines[0].get_xydata().tolist() == [[200, 26.5]]
    made = command("figure", "training", first)
    assert made.code == 0, made.err
    table = rows(first / "figures" / "training.csv")
    assert {"training": "first", "iteration": "200", "quantity": "psnr_y", "value": "26.5"} in table
    assert "holds no curve.csv" in command("figure", "training", tmp_path).message


@pytest.mark.parametrize(
    ("row", "said"), [("100,0.1,x,0,0,,1,1", "is damaged or was edited by hand"), ("100", "has no losses")]
)
def test_damaged_curves_are_one_line(row: str, said: str, tmp_path: Path) -> None:
    folder = _training(tmp_path / "t", CURVE.splitlines()[0] + f"\n{row}\n")
    ended = command("figure", "training", folder)
    assert (ended.code, said in ended.message) == (1, True)


def test_shares_are_those_of_positive_features(tmp_path: Path) -> None:
    images = [save(tmp_path / f"{name}.png", picture(32, 48, seed=seed)) for seed, name in enumerate("ab")]
    found, maps = measure(images, RANDOM)
    network = feature_network(RANDOM, ["relu3_2"])
    pixels = torch.from_numpy(picture(32, 48, seed=1)).permute(2, 0, 1)[None].float() / 255
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = (pixels - mean[:, None, None]) / deviation[:, None, None]
    for place, layer in enumerate(network.layers):  # conv3_2 is torchvision's layer 12, its ReLU 13
        x = layer(x)
        if place == 13:
            break
    share = float((x > 0).float().mean())
    assert found[1].shares[ACTIVATED.index("relu3_2")] == pytest.approx(share, abs=1e-6)
    assert found[1].neurons[ACTIVATED.index("relu3_2")] == 256 * 8 * 12
    for one in maps:
        assert np.array_equal(one.after, np.maximum(one.before, 0))


def test_the_figure_says_that_weights_are_made(tmp_path: Path) -> None:
    images = [save(tmp_path / f"{name}.png", picture(32, 32, seed=seed)) for seed, name in enumerate("ab")]
    made = command("figure", "active", *images, "--features", RANDOM, "--out", tmp_path / "active")
    assert made.code == 0, made.err
    assert "made weights" in (tmp_path / "active.svg").read_text(encoding="utf-8")
    table = rows(tmp_path / "active.csv")
    deepest = {row["image"]: row for row in table if row["layer"] == "relu5_4"}
    assert set(deepest) == {"mean", "a", "b"}
    assert deepest["a"]["weights"] == RANDOM
    mean = (float(deepest["a"]["share"]) + float(deepest["b"]["share"])) / 2
    assert float(deepest["mean"]["share"]) == pytest.approx(mean)
    assert float(deepest["mean"]["low"]) <= mean <= float(deepest["mean"]["high"])
    small = save(tmp_path / "small.png", picture(8, 8))
    assert "needs sides of 16 pixels" in command("figure", "active", small, "--features", RANDOM).message
