"""Checkpoints: whole or as they were, and only for the recipe that they are of."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from srbench.core.records import UserError
from srbench.train import checkpoints
from srbench.train.checkpoints import LAST
from tests.train.small import images, run, same, small, weights


def test_a_checkpoint_of_another_recipe_is_refused(data: Path, tmp_path: Path) -> None:
    run(small("espcn"), data, tmp_path / "run")
    with pytest.raises(UserError, match=r"of another recipe: batch is 1 there and 2 here"):
        run(small("espcn", batch=2), data, tmp_path / "run")
    with pytest.raises(UserError, match=r"of another recipe: iterations is 3 there and 4 here"):
        run(small("espcn", iterations=4), data, tmp_path / "run")  # another cosine from the first on


def test_a_run_may_be_prolonged_where_its_past_stays_the_same(data: Path, tmp_path: Path) -> None:
    first = small("srcnn", schedule="steps", milestones=(2,), iterations=3)
    longer = replace(first, milestones=(2, 4), iterations=5)
    run(first, data, tmp_path / "run")
    assert same(weights(run(longer, data, tmp_path / "run")), weights(run(longer, data, tmp_path / "one")))
    with pytest.raises(UserError, match="of another recipe: iterations is 5 there and 4 here"):
        run(replace(longer, iterations=4), data, tmp_path / "run")


def test_a_checkpoint_from_before_a_constant_existed_has_its_default(data: Path, tmp_path: Path) -> None:
    recipe = small("espcn", iterations=2)
    run(recipe, data, tmp_path / "run")
    state = checkpoints.load(tmp_path / "run" / LAST)
    for name in ("shrink", "hold", "optimizer"):
        del state["recipe"][name]
    for term in state["recipe"]["terms"]:
        del term["patch"]
    checkpoints.save(tmp_path / "run" / LAST, state)
    assert run(recipe, data, tmp_path / "run").progress.iteration == 2
    with pytest.raises(UserError, match=r"optimizer is adam there and muon here"):
        run(replace(recipe, optimizer="muon"), data, tmp_path / "run")


def test_the_best_weights_of_an_earlier_run_are_not_those_of_a_new_one(data: Path, tmp_path: Path) -> None:
    """A run that was started anew in its folder, without validation, keeps its own."""
    many = images(tmp_path / "many", count=10, side=32)
    run(small("espcn", learning_rate=1e-2), many, tmp_path / "run")
    (tmp_path / "run" / LAST).unlink()
    again = run(small("espcn", seed=5), data, tmp_path / "run")
    assert same(weights(again), weights(run(small("espcn", seed=5), data, tmp_path / "fresh")))


def test_a_damaged_checkpoint_is_one_line(data: Path, tmp_path: Path) -> None:
    (tmp_path / LAST).write_bytes(b"damaged")
    with pytest.raises(UserError, match="not a readable checkpoint"):
        run(small("espcn"), data, tmp_path)


def test_a_full_disk_keeps_the_old_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / LAST
    checkpoints.save(path, {"progress": {"iteration": 1}})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(UserError, match=r"cannot be written .*; the older one is kept"):
            checkpoints.save(path, {"progress": {"iteration": 2}, "large": torch.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert checkpoints.load(path)["progress"]["iteration"] == 1
    assert [one.name for one in tmp_path.iterdir()] == [LAST]
