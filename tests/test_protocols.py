"""Protocols: complete, frozen, and every field that changes a number changes the key of its scores."""

from __future__ import annotations

import dataclasses
import json

import pytest

from srbench.core.records import UsageError
from srbench.metrics.catalogue import METRICS
from srbench.protocols import PROTOCOLS, Protocol

DESIGNED = ["srbench", "enhancenet", "srgan", "pirm", "tsrn", "basicsr", "niqe-release"]


def test_the_protocols_of_the_design_are_there() -> None:
    assert set(DESIGNED) <= set(PROTOCOLS.names())
    assert PROTOCOLS.names()[0] == "srbench"


@pytest.mark.parametrize(
    ("name", "border", "luma"),
    [
        ("srbench", 4, "bt601-rounded"),
        ("enhancenet", 4, "bt601-rounded"),
        ("srgan", 4, "bt709-rounded"),
        ("pirm", 4, "bt601-rounded"),
        ("tsrn", 4, "bt601-rounded"),
        ("basicsr", "scale", "bt601"),
        ("niqe-release", 0, "rgb2gray-rounded"),
    ],
)
def test_border_and_luma_as_in_the_design(name: str, border: object, luma: str) -> None:
    protocol = PROTOCOLS.get(name)
    assert (protocol.border, protocol.luma) == (border, luma)
    assert protocol.degradation == "matlab-bicubic"
    assert protocol.edges == "clamp"


@pytest.mark.parametrize("name", DESIGNED)
def test_default_metrics_are_registered(name: str) -> None:
    assert [metric for metric in PROTOCOLS.get(name).metrics if metric not in METRICS] == []


@pytest.mark.parametrize("name", DESIGNED)
def test_a_protocol_is_frozen_has_a_source_and_goes_into_json(name: str) -> None:
    protocol = PROTOCOLS.get(name)
    assert protocol.source
    assert protocol.version >= 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        protocol.border = 0  # type: ignore[misc]
    assert json.loads(json.dumps(protocol.as_dict()))["name"] == name


def test_border_follows_the_scale_where_it_should() -> None:
    assert [PROTOCOLS.get("basicsr").border_for(scale) for scale in (2, 3, 4)] == [2, 3, 4]
    assert [PROTOCOLS.get("srbench").border_for(scale) for scale in (2, 3, 4)] == [4, 4, 4]


def test_enhancenet_feeds_its_own_networks_otherwise() -> None:
    protocol = PROTOCOLS.get("enhancenet")
    assert protocol.degradation_for(["pil-lanczos"]) == "pil-lanczos"
    assert protocol.degradation_for([None]) == "matlab-bicubic"
    assert PROTOCOLS.get("srbench").degradation_for(["pil-lanczos"]) == "matlab-bicubic"


@pytest.mark.parametrize(
    "change",
    [
        {"border": 3},
        {"luma": "bt601"},
        {"gray": "replicate"},
        {"lpips_region": "patches-64"},
        {"version": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_changes_a_number_changes_the_measurement(change: dict[str, object]) -> None:
    protocol = PROTOCOLS.get("srbench")
    changed: Protocol = dataclasses.replace(protocol, **change)  # type: ignore[arg-type]
    assert changed.measurement() != protocol.measurement()


def test_prose_does_not_change_the_measurement() -> None:
    protocol = PROTOCOLS.get("srbench")
    changed = dataclasses.replace(protocol, summary="other words", source="", metrics=("psnr_y",))
    assert changed.measurement() == protocol.measurement()


def test_an_unknown_protocol_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match=r"unknown protocol 'srgam'; did you mean srgan"):
        PROTOCOLS.get("srgam")
