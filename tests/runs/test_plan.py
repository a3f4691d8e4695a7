"""What is found out before the work: the hashes of the images, their places, and who does it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from srbench.core.records import Pair
from srbench.methods.catalogue import METHODS
from srbench.methods.contract import Runtime
from srbench.protocols import PROTOCOLS
from srbench.runs.crew import Crew, crew_of
from srbench.runs.job import Job
from srbench.runs.plan import Plan, output_path, plan_of
from tests.helpers import references


def job(out: Path, **fields: object) -> Job:
    settings: dict[str, object] = {"workers": 1} | fields
    return Job(
        {"bicubic": METHODS.get("bicubic")}, (), ("mine",), 4, PROTOCOLS.get("srbench"), (), out, Runtime(),
        **settings,  # type: ignore[arg-type]
    )  # fmt: skip


def pairs(folder: Path, count: int) -> list[Pair]:
    files = sorted(references(folder, count=count).iterdir())
    return [Pair("mine", file.stem, 4, file, None) for file in files]


def plan(folder: Path, images: list[Pair]) -> Plan:
    return plan_of(job(folder), images)


def test_an_image_is_known_by_the_bytes_of_its_files(tmp_path: Path) -> None:
    images = pairs(tmp_path / "mine", 2)
    found = plan(tmp_path, images).images
    digests = [hashlib.sha256(pair.reference.read_bytes()).hexdigest() for pair in images]
    assert [(image.reference, image.low_resolution) for image in found] == [(one, None) for one in digests]
    assert [image.label for image in found] == [f"mine/{pair.image}" for pair in images]


def test_an_output_lies_where_reports_look_for_it(tmp_path: Path) -> None:
    [pair] = pairs(tmp_path / "mine", 1)
    made = plan(tmp_path, [pair])
    assert made.entrants[0].folder / made.images[0].output == output_path(tmp_path, "bicubic", pair)


def test_a_file_that_is_gone_is_a_reason_of_its_image_alone(tmp_path: Path) -> None:
    first, second = pairs(tmp_path / "mine", 2)
    first.reference.unlink()
    reasons = [image.reason for image in plan(tmp_path, [first, second]).images]
    assert "No such file" in reasons[0]
    assert reasons[1] == ""


@pytest.mark.parametrize(
    ("fields", "alone"),
    [
        ({}, True),
        ({"workers": 2}, False),
        ({"apart": True}, False),
        ({"executor": "ray"}, False),
        ({"workers": 2, "executor": "ray"}, False),
    ],
)
def test_one_worker_is_this_process_but_for_foreign_code(
    tmp_path: Path, fields: dict[str, object], alone: bool
) -> None:
    images = pairs(tmp_path / "mine", 2)
    with crew_of(job(tmp_path, **fields), images) as crew:
        assert (crew is None) == alone
        assert alone or isinstance(crew, Crew)


def test_work_in_this_process_has_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    with crew_of(job(tmp_path), pairs(tmp_path / "mine", 2)):
        assert os.environ["OMP_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "3"
