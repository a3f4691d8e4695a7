"""The recognition benchmark against a straightforward torchvision loop, and its errors."""

from __future__ import annotations

import csv
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import typer
from PIL import Image
from scipy.stats import binomtest
from torchvision import models, transforms
from typer.testing import CliRunner

from srbench.commands.studies import recognition
from srbench.core.records import UsageError, UserError
from srbench.datasets.imagenet import find_images, prepare
from srbench.images.resize import imresize
from srbench.studies.recognition.accuracy import (
    confidences,
    finite_rows,
    mcnemar,
    summarise,
    true_ranks,
    wilson_interval,
)
from srbench.studies.recognition.benchmark import Finished, Options, run
from srbench.studies.recognition.classifiers import open_classifier
from srbench.studies.recognition.results import reported
from srbench.studies.reproduce.cells import Want
from srbench.studies.reproduce.finished import read_finished
from tests.metrics.deep_fixtures import no_initialisation
from tests.studies.recognition.made import SYNSETS, random_resnet, save

RESIZE, CROP = 80, 64


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, torch.nn.Module]:
    """A folder of labelled images, a file of weights, and the network with these weights.

    Half of the labels are what the network sees, the others are not, so that accuracies are neither
    0 nor 1.
    """
    root = tmp_path_factory.mktemp("made")
    network = random_resnet(root / "resnet18.pth")
    guesses = []
    for number in range(10):
        save(root / "images" / f"ILSVRC2012_val_{number + 1:08d}.JPEG", number)
        order = _loop_logits(network, root / "images" / f"ILSVRC2012_val_{number + 1:08d}.JPEG").argsort()
        guesses.append(int(order[-1 - (0, 0, 3, 7, 300)[number % 5]]))
    lines = [f"ILSVRC2012_val_{number + 1:08d}.JPEG {label}" for number, label in enumerate(guesses)]
    (root / "images" / "val.txt").write_text("\n".join(lines))
    return root, root / "resnet18.pth", network


def _loop_logits(network: torch.nn.Module, path: Path, *, bicubic: bool = False) -> torch.Tensor:
    """What torchvision's own evaluation does, with the upscaling in the middle."""
    image = transforms.CenterCrop(CROP)(transforms.Resize(RESIZE)(Image.open(path).convert("RGB")))
    if bicubic:
        image = Image.fromarray(imresize(imresize(np.asarray(image), Fraction(1, 4)), 4))
    normalise = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    with torch.no_grad():
        return network(normalise(transforms.ToTensor()(image))[None])[0]


def _options(root: Path, out: Path, weights: Path) -> Options:
    return Options(
        methods=("bicubic",),
        classifiers=("resnet18",),
        scale=4,
        roots=(root / "images",),
        out=out,
        images=0,
        resize=RESIZE,
        crop=CROP,
        weights={"resnet18": weights},
        batch_size=4,
    )


def _run(options: Options) -> Finished:
    return run(options, say=print)


def test_equals_a_torchvision_loop(made: tuple[Path, Path, torch.nn.Module], tmp_path: Path) -> None:
    root, weights, network = made
    finished = _run(_options(root, tmp_path, weights))
    images = find_images([root / "images"])
    for row in finished.rows:
        logits = [_loop_logits(network, image.path, bicubic=row.method == "bicubic") for image in images]
        best = [scores.topk(5).indices.tolist() for scores in logits]
        top1 = np.mean([image.label == guess[0] for image, guess in zip(images, best, strict=True)])
        top5 = np.mean([image.label in guess for image, guess in zip(images, best, strict=True)])
        confidence = np.mean([float(scores.softmax(0).max()) for scores in logits])
        assert (row.found.top1, row.found.top5) == (top1, top5)
        assert row.found.confidence == pytest.approx(confidence, rel=1e-5)
    assert [row.method for row in finished.rows] == ["baseline", "bicubic"]
    assert 0 < finished.rows[0].found.top1 < finished.rows[0].found.top5 < 1


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_batches_do_not_change_the_answer(
    made: tuple[Path, Path, torch.nn.Module], tmp_path: Path, batch_size: int
) -> None:
    root, weights, _ = made
    options = _options(root, tmp_path, weights)
    expected = _run(options).rows
    for found, known in zip(_run(replace(options, batch_size=batch_size)).rows, expected, strict=True):
        assert found == known


def test_unreadable_images_have_a_reason(made: tuple[Path, Path, torch.nn.Module], tmp_path: Path) -> None:
    _, weights, _ = made
    for number in range(4):
        save(tmp_path / "images" / SYNSETS[0] / f"{number}.JPEG", number)
    (tmp_path / "images" / SYNSETS[0] / "2.JPEG").write_bytes(b"no image")
    finished = _run(_options(tmp_path, tmp_path / "out", weights))
    assert [(row.found.n, row.expected) for row in finished.rows] == [(3, 4), (3, 4)]
    with (tmp_path / "out" / "predictions.csv").open() as stream:
        reasons = {row["image"]: row["status"] for row in csv.DictReader(stream)}
    assert "not an image" in reasons["2"]
    assert "3 of 4 images" in (tmp_path / "out" / "recognition.md").read_text()


def test_logits_that_are_no_numbers_are_not_scored(
    made: tuple[Path, Path, torch.nn.Module], tmp_path: Path
) -> None:
    root, weights, _ = made
    state = torch.load(weights)
    state["fc.weight"][17] = float("nan")
    torch.save(state, tmp_path / "nan.pth")
    options = replace(
        _options(root, tmp_path / "out", weights), classifiers=("resnet18", "resnet18:IMAGENET1K_V1")
    )
    options = replace(options, weights={"resnet18": weights, "resnet18:IMAGENET1K_V1": tmp_path / "nan.pth"})
    finished = _run(options)
    assert [row.found.n for row in finished.rows] == [10, 10, 0, 0]
    with (tmp_path / "out" / "predictions.csv").open() as stream:
        found = {(row["classifier"], row["rank"] == "", row["status"]) for row in csv.DictReader(stream)}
    assert found == {
        ("resnet18", False, "ok"),
        ("resnet18:IMAGENET1K_V1", True, "the classifier gave NaN or infinite logits"),
    }
    alone = replace(options, classifiers=("resnet18",), weights={"resnet18": tmp_path / "nan.pth"})
    with pytest.raises(UserError, match="no image could be classified: the classifier gave NaN"):
        _run(alone)


def test_remarks_on_methods_are_said(made: tuple[Path, Path, torch.nn.Module], tmp_path: Path) -> None:
    """Reported numbers stand beside a model of the same name that is not the paper's."""
    root, weights, _ = made
    app = typer.Typer()
    app.command()(recognition)
    arguments = [
        "--methods",
        "srcnn-srbench",
        "--classifiers",
        "resnet18",
        "--device",
        "cpu",
        "--images",
        "2",
    ]
    arguments += ["--data-root", str(root / "images"), "--classifier-weights", f"resnet18={weights}"]
    arguments += ["--resize", "0", "--crop", "64", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    line = "srcnn-srbench: trained with srbench as its card.md says, not the authors' weights"
    assert line in " ".join(result.stdout.split())
    assert line in (tmp_path / "recognition.md").read_text().replace("\\", "")


def test_reported_numbers_stand_beside(
    made: tuple[Path, Path, torch.nn.Module], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    root, weights, _ = made
    known = reported(4)
    assert known["resnet50", "enet-pat", "top1_error"] == [("EnhanceNet", 0.399)]
    assert known["vgg19", "tsrn-g", "top5_accuracy"] == [("TSRN", 0.821)]
    assert reported(8)["densenet169", "bicubic", "top1_accuracy"] == [("TSRN", 0.353)]
    renamed = replace(_options(root, tmp_path, weights), classifiers=("resnet50",), weights={})
    with pytest.raises(UserError, match=r"resnet50 are not here \(https.*102\.5 MB\): add --pull"):
        _run(renamed)


def test_command(made: tuple[Path, Path, torch.nn.Module], tmp_path: Path) -> None:
    root, weights, _ = made
    app = typer.Typer()
    app.command()(recognition)
    arguments = ["--methods", "bicubic,nearest", "--classifiers", "resnet18", "--device", "cpu"]
    arguments += ["--data-root", str(root / "images"), "--classifier-weights", f"resnet18={weights}"]
    arguments += ["--images", "3", "--resize", "0", "--crop", "64", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "3 images" in result.stdout
    for name in ("recognition.csv", "recognition.md", "mcnemar.csv", "predictions.csv", "run.json"):
        assert (tmp_path / name).is_file()
    for method in ("bicubic", "hr"):  # the originals are what recognition calls its baseline
        want = Want("imagenet1000", 4, "srbench", method, "top1_accuracy:resnet18")
        held = read_finished([tmp_path], [want])
        assert held.reasons == {want: f"{tmp_path.name} has 3 images, the table has 1000"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"crop": 66}, "not a multiple of --scale"),
        ({"batch_size": 0}, "at least 1"),
        ({"methods": ()}, "--methods is empty"),
        ({"weights": {"vgg19": Path("x")}}, "no such name among --classifiers"),
        ({"classifiers": ("resnet51",), "weights": {}}, "did you mean resnet"),
        ({"classifiers": ("timm:resnet181",), "weights": {}}, "did you mean timm:resnet"),
        ({"classifiers": ("resnet50:V9",), "weights": {}}, "IMAGENET1K_V1, IMAGENET1K_V2"),
    ],
)
def test_wrong_usage(
    made: tuple[Path, Path, torch.nn.Module], tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    root, weights, _ = made
    with pytest.raises(UsageError, match=message):
        _run(replace(_options(root, tmp_path, weights), **changes))  # type: ignore[arg-type]


def test_weights_of_another_network(made: tuple[Path, Path, torch.nn.Module], tmp_path: Path) -> None:
    _, weights, _ = made
    with pytest.raises(UserError, match="does not hold the weights of resnet34"):
        open_classifier("resnet34", device="cpu", file=weights)
    random_resnet(tmp_path / "ten.pth", classes=10)
    with pytest.raises(UserError, match=r"fc\.weight"):
        open_classifier("resnet18", device="cpu", file=tmp_path / "ten.pth")
    with pytest.raises(UserError, match="11821 classes apart, not 1000"):
        open_classifier(_in12k(), device="cpu")


def _in12k() -> str:
    return "timm:" + next(name for name in timm.list_pretrained("*.in12k") if name.endswith("in12k"))


def test_timm_classifier(tmp_path: Path) -> None:
    with no_initialisation():
        network = timm.create_model("resnet10t", pretrained=False).eval()
    generator = torch.Generator().manual_seed(1)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1, generator=generator)
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    save(tmp_path / "a.png", 1)
    image = prepare(tmp_path / "a.png", resize=0, crop=64)
    classifier = open_classifier("timm:resnet10t", device="cpu", file=tmp_path / "weights.pth")
    config = timm.get_pretrained_cfg("resnet10t")
    normalise = transforms.Normalize(config.mean, config.std)
    with torch.no_grad():
        expected = network(normalise(transforms.ToTensor()(image))[None])
    np.testing.assert_allclose(classifier.logits([image]), expected, rtol=1e-3, atol=1e-3)


def test_a_classifier_of_another_size_says_which_crop(tmp_path: Path) -> None:
    with no_initialisation():
        network = timm.create_model("vit_tiny_patch16_224", pretrained=False)
    torch.save(network.state_dict(), tmp_path / "vit.pth")
    opened = open_classifier("timm:vit_tiny_patch16_224", device="cpu", file=tmp_path / "vit.pth")
    with pytest.raises(UserError, match=r"does not take images of 64x64 pixels \(.*\); .* --crop 224"):
        opened.logits([np.zeros((64, 64, 3), np.uint8)])


def test_old_densenet_names(tmp_path: Path) -> None:
    """torchvision's published DenseNets name their layers as `norm.1`, not `norm1`."""
    network = models.densenet121(weights=None)
    state = {
        name.replace("norm1", "norm.1").replace("conv2", "conv.2"): value
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    torch.save(state, tmp_path / "densenet.pth")
    opened = open_classifier("densenet121", device="cpu", file=tmp_path / "densenet.pth").network
    for name, value in network.state_dict().items():
        assert torch.equal(opened.state_dict()[name], value)


def test_ranks_break_ties_by_class() -> None:
    logits = np.array([[1.0, 3.0, 3.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    assert true_ranks(np.repeat(logits, 2, axis=0), np.array([2, 3, 0, 3])).tolist() == [1, 2, 0, 3]
    with pytest.raises(ValueError, match="between 0 and 3"):
        true_ranks(logits, np.array([0, 4]))
    logits[0, 0] = np.nan
    assert finite_rows(logits).tolist() == [False, True]
    with pytest.raises(ValueError, match="finite"):
        true_ranks(logits, np.array([0, 1]))


def test_measures() -> None:
    logits = np.array([[1000.0, 0.0], [0.0, 0.0]])
    assert confidences(logits).tolist() == [1.0, 0.5]
    found = summarise(np.array([0, 4, 5]), np.array([0.9, 0.6, 0.3]))
    assert (found.n, found.top1, found.top5) == (3, 1 / 3, 2 / 3)
    assert (found.confidence, found.confidence_correct) == (pytest.approx(0.6), 0.9)
    # Wilson 1927; the value for 10 of 20 is in Newcombe, Statistics in Medicine 1998, up to rounding.
    assert wilson_interval(0.5, 20) == pytest.approx((0.2993, 0.7007), abs=1e-4)
    a, b = np.array([1, 1, 1, 1, 0, 0], bool), np.array([1, 0, 0, 0, 1, 0], bool)
    test = mcnemar(a, b)
    assert (test.only_a, test.only_b) == (3, 1)
    assert test.p_value == pytest.approx(binomtest(3, 4).pvalue)
    assert mcnemar(a, a).p_value == 1.0
