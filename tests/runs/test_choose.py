"""What the lists of names stand for."""

from __future__ import annotations

import pytest

from srbench.core.records import UsageError
from srbench.runs.choose import choose_methods, family


def test_a_family_has_every_step_without_rounding_errors() -> None:
    assert family("esrgan@0:1:0.1") == [
        "esrgan@0", "esrgan@0.1", "esrgan@0.2", "esrgan@0.3", "esrgan@0.4", "esrgan@0.5", "esrgan@0.6",
        "esrgan@0.7", "esrgan@0.8", "esrgan@0.9", "esrgan@1",
    ]  # fmt: skip
    assert family("mix:bicubic,lanczos@0.5:1:0.3") == ["mix:bicubic,lanczos@0.5", "mix:bicubic,lanczos@0.8"]
    for name in ("esrgan@0.5", "bicubic", "outputs:a@b:c", "model.pth:scale=4"):
        assert family(name) == [name]


def test_a_family_is_chosen_as_its_members() -> None:
    chosen = choose_methods("nearest,mix:nearest,bicubic@0:1:0.5", 4)
    assert list(chosen.usable) == [
        "nearest", "mix:nearest,bicubic@0", "mix:nearest,bicubic@0.5", "mix:nearest,bicubic@1",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["a@0:1:0", "a@1:0:0.1"])
def test_ranges_that_go_nowhere_are_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match="write A@FROM:TO:STEP"):
        family(name)
