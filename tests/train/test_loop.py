"""The loop: every recipe runs, learns, stops, goes on bit by bit, and keeps what it has when things fail."""

from __future__ import annotations

import math
import os
import signal
import socket
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from srbench.core.records import UserError
from srbench.train import checkpoints, loop
from srbench.train.checkpoints import BEST, LAST
from srbench.train.curves import read
from srbench.train.networks import build_discriminator, build_generator
from srbench.train.objective import Objective
from srbench.train.optimisation import Average
from srbench.train.recipe import Recipe
from srbench.train.recipes import RECIPES
from tests.helpers import picture, python, save
from tests.train.small import images, run, same, small, weights

ALL = RECIPES.names()
RESUMED = ["espcn", "enet-eat", *(pytest.param(name, marks=pytest.mark.slow) for name in ALL)]


@pytest.mark.parametrize("name", ALL)
def test_every_recipe_trains(name: str, data: Path, tmp_path: Path) -> None:
    recipe = small(name, iterations=2)
    finished = run(recipe, data, tmp_path / "run")
    assert finished.progress.iteration == 2
    assert all(torch.isfinite(tensor).all() for tensor in weights(finished).values())
    row = read(tmp_path / "run" / "curve.csv")[-1]
    assert math.isfinite(float(row["loss"]))
    assert all(row[term.kind] for term in recipe.terms)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_every_recipe_runs_for_a_hundred_iterations(name: str, data: Path, tmp_path: Path) -> None:
    finished = run(small(name, iterations=100), data, tmp_path / "run")
    assert finished.progress.iteration == 100
    assert all(torch.isfinite(tensor).all() for tensor in weights(finished).values())


@pytest.mark.parametrize("name", ["srcnn", "espcn", "srresnet-mse", "enet-e", "tsrn-g"])
def test_the_loss_of_one_patch_falls_by_half(name: str, tmp_path: Path) -> None:
    save(tmp_path / "data" / "one.png", picture(16, 16, seed=5))
    recipe = small(
        name, iterations=60, augment="none", learning_rate=1e-3, schedule="steps", milestones=(),
        start_at_bicubic=False,
    )  # fmt: skip
    run(recipe, tmp_path / "data", tmp_path / "run", log_every=1)
    rows = read(tmp_path / "run" / "curve.csv")
    assert float(rows[-1]["loss"]) < 0.5 * float(rows[0]["loss"])


def interrupt_after(iteration: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sends this process SIGTERM in the given iteration of the next run."""
    original = loop.learning_rate

    def rate(recipe: Recipe, place: int) -> float:
        if place == iteration:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(recipe, place)

    monkeypatch.setattr(loop, "learning_rate", rate)


@pytest.mark.parametrize("name", RESUMED)
def test_a_stopped_run_goes_on_bit_by_bit(
    name: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = small(name, iterations=6, average=0.9)
    straight = run(recipe, data, tmp_path / "straight")
    with monkeypatch.context() as patch:
        interrupt_after(2, patch)
        stopped = run(recipe, data, tmp_path / "run")
    assert stopped.stopped == signal.SIGTERM
    assert stopped.progress.iteration == 3
    resumed = run(recipe, data, tmp_path / "run")
    assert resumed.stopped == 0
    assert same(weights(straight), weights(resumed))
    whole, continued = (checkpoints.load(tmp_path / name / LAST) for name in ("straight", "run"))
    for part in ("generator", "discriminator"):
        assert whole[part] is None or same(whole[part], continued[part])
    rows = [row["iteration"] for row in read(tmp_path / "run" / "curve.csv")]
    assert rows == sorted(set(rows), key=int)


def test_the_seed_decides_the_weights(data: Path, tmp_path: Path) -> None:
    first, again, other = (
        weights(run(small("espcn", seed=seed), data, tmp_path / name))
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert same(first, again)
    assert not same(first, other)


def test_frozen_normalisation_keeps_its_statistics(data: Path, tmp_path: Path) -> None:
    for normalisation, kept in (("frozen", True), ("batch", False)):
        run(small("srgan-mse", normalisation=normalisation), data, tmp_path / normalisation)
        state = checkpoints.load(tmp_path / normalisation / LAST)
        for part in ("generator", "discriminator"):
            means = [tensor for name, tensor in state[part].items() if name.endswith("running_mean")]
            assert all(bool((mean == 0).all()) == kept for mean in means)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_checkpoint(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = small("espcn", iterations=8, checkpoint_every=3)
    original = Objective.generator

    def generator(self, output, target, **more):  # type: ignore[no-untyped-def]
        terms = original(self, output, target, **more)
        steps.append(1)
        return {kind: value * float("nan") if len(steps) == 5 else value for kind, value in terms.items()}

    steps: list[int] = []
    monkeypatch.setattr(Objective, "generator", generator)
    with pytest.raises(UserError, match=r"not finite from iteration 5 on; .*last.ckpt is kept"):
        run(recipe, data, tmp_path)
    state = checkpoints.load(tmp_path / LAST)
    assert state["progress"]["iteration"] == 3
    assert all(torch.isfinite(tensor).all() for tensor in state["generator"].values())


def test_validation_keeps_the_best_weights(tmp_path: Path) -> None:
    folder = images(tmp_path / "data", count=10, side=32)
    recipe = small("espcn", iterations=4, validate_every=2, learning_rate=1e-3)
    finished = run(recipe, folder, tmp_path / "run")
    assert len(finished.images.entries) == 9
    rows = {int(row["iteration"]): row["psnr_y"] for row in read(tmp_path / "run" / "curve.csv")}
    assert finished.progress.best == pytest.approx(max(float(rows[2]), float(rows[4])), rel=1e-5)
    best = checkpoints.load(tmp_path / "run" / BEST)
    assert best["progress"]["iteration"] == finished.progress.best_iteration
    assert same(weights(finished), best["average"])


def test_the_average_follows_the_weights(data: Path, tmp_path: Path) -> None:
    recipe = small("espcn", iterations=1, average=0.75, learning_rate=1e-2)
    torch.manual_seed(recipe.seed)
    initial = dict(build_generator(recipe).state_dict())
    finished = weights(run(recipe, data, tmp_path))
    trained = checkpoints.load(tmp_path / LAST)["generator"]
    for name, value in finished.items():
        torch.testing.assert_close(value, 0.75 * initial[name] + 0.25 * trained[name])


def test_averaged_weights_have_statistics_of_their_own() -> None:
    torch.manual_seed(0)
    trained = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4))
    average = Average(trained, 0.5)
    with torch.no_grad():
        trained[0].weight.mul_(3.0)
    average.update()
    batches = [torch.rand(2, 3, 8, 8) for _ in range(4)]
    average.renew(batches)
    seen = torch.cat([average.module[0](batch) for batch in batches])
    torch.testing.assert_close(average.module[1].running_mean, seen.mean(dim=(0, 2, 3)))
    output = average.module.eval()(torch.cat(batches))
    # Normalised by batches of equal size: their mean variance leaves out that of their means.
    torch.testing.assert_close(output.var(dim=(0, 2, 3)), torch.ones(4), rtol=0.02, atol=0.0)


def test_the_result_of_a_run_has_the_statistics_of_its_averaged_weights(data: Path, tmp_path: Path) -> None:
    finished = weights(run(small("srresnet-mse", iterations=2, average=0.75), data, tmp_path))
    counted = {int(value) for name, value in finished.items() if name.endswith("num_batches_tracked")}
    assert counted == {32}


def test_slow_layers_learn_slowly(data: Path, tmp_path: Path) -> None:
    recipe = small("srcnn", iterations=1, learning_rate=1e-2, slow_factor=0.1)
    torch.manual_seed(recipe.seed)
    initial = dict(build_generator(recipe).state_dict())
    steps = {
        name: float((value - initial[name]).abs().max())
        for name, value in weights(run(recipe, data, tmp_path)).items()
    }
    # Adam's first step is the learning rate, whatever the gradient.
    assert steps["conv1.weight"] == pytest.approx(1e-2, rel=1e-2)
    assert steps["conv3.weight"] == pytest.approx(1e-3, rel=1e-2)


# Adam divides gradients by their size, so that where they are nothing but rounding, whole steps differ.
# The rates move weights by far more than the tolerance. Batch normalisation, which sees its own process's
# share only, is in neither network.
TOGETHER = (("espcn", 0.1), ("enet-ea", 0.02))
_PROCESS = """
import os, sys
rank, port, data, out = sys.argv[1:]
os.environ.update(
    RANK=rank, LOCAL_RANK=rank, WORLD_SIZE="2", LOCAL_WORLD_SIZE="2", MASTER_ADDR="127.0.0.1",
    MASTER_PORT=port, TORCHELASTIC_RUN_ID="test", GROUP_RANK="0",
)
from pathlib import Path
import torch
from tests.train.test_loop import TOGETHER, run, small
for name, rate in TOGETHER:
    run(small(name, batch=1, optimizer="sgd", learning_rate=rate), Path(data), Path(out) / name)
"""


def build_start(recipe: Recipe) -> dict[str, dict[str, torch.Tensor]]:
    """The networks of a recipe as they are before the first iteration."""
    torch.manual_seed(recipe.seed)
    modules = {"generator": build_generator(recipe), "discriminator": build_discriminator(recipe)}
    return {part: module.state_dict() for part, module in modules.items() if module is not None}


def free_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


def test_two_processes_train_like_one_with_the_double_batch(data: Path, tmp_path: Path) -> None:
    """The processes are what torchrun would start, without its own."""
    root, port = Path(__file__).parents[2], free_port()
    children = [python(_PROCESS, rank, port, data, tmp_path / "two", path=root) for rank in "01"]
    for child in children:
        _, errors = child.communicate(timeout=300)
        assert child.returncode == 0, errors
    for name, rate in TOGETHER:
        recipe = small(name, batch=2, optimizer="sgd", learning_rate=rate)
        run(recipe, data, tmp_path / "one" / name)
        one, two = (checkpoints.load(tmp_path / count / name / LAST) for count in ("one", "two"))
        start = build_start(recipe)
        for part, before in start.items():
            assert max(float((one[part][key] - before[key]).abs().max()) for key in before) > 1e-4
            for key, value in one[part].items():
                torch.testing.assert_close(value, two[part][key], rtol=0, atol=1e-5)


def test_ctrl_c_saves_and_stops_the_command(data: Path, tmp_path: Path) -> None:
    child = python(
        "from srbench.cli import main; main()", "train", "espcn", "--data", data, "--out", tmp_path / "run",
        "--device", "cpu", "--crop", "48", "--batch", "1", "--set", "checkpoint_every=10",
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while not (tmp_path / "run" / LAST).is_file() and time.monotonic() < deadline:
        assert child.poll() is None, child.communicate()
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "stopped and saved at iteration" in errors
    assert "Traceback" not in errors
    assert checkpoints.load(tmp_path / "run" / LAST)["progress"]["iteration"] >= 10
    assert (tmp_path / "run" / "model" / "weights.safetensors").is_file()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_trains_in_bfloat16_with_the_images_in_its_memory(data: Path, tmp_path: Path) -> None:
    finished = run(small("srgan-mse", iterations=5), data, tmp_path, device="cuda")
    assert all(np.isfinite(tensor.numpy()).all() for tensor in weights(finished).values())


def test_importing_a_recipe_imports_no_torch() -> None:
    child = python(
        "import sys; import srbench.train.recipes, srbench.train.job; assert 'torch' not in sys.modules"
    )
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors
