"""Protocols: complete, frozen, and every field that changes a number changes the key of its scores."""

from __future__ import annotations

import dataclasses
import json
import pickle
from pathlib import Path

import pytest

from srbench.core.records import UsageError
from srbench.images.pixels import border_width
from srbench.metrics.catalogue import METRICS
from srbench.protocol_files import resolve
from srbench.protocols import PROTOCOLS, Protocol
from tests.helpers import command, references, rows

DESIGNED = ["srbench", "matlab", "ntire", "enhancenet", "srgan", "pirm", "tsrn", "basicsr", "niqe-release"]


def test_the_protocols_of_the_design_are_there() -> None:
    assert set(DESIGNED) <= set(PROTOCOLS.names())
    assert PROTOCOLS.names()[0] == "srbench"


@pytest.mark.parametrize(
    ("name", "border", "luma"),
    [
        ("srbench", 4, "bt601-rounded"),
        ("matlab", "scale", "bt601-rounded"),
        ("ntire", "scale+6", "bt601-rounded"),
        ("enhancenet", 4, "bt601-rounded"),
        ("srgan", 4, "daala"),
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
    borders = [PROTOCOLS.get(name).border for name in ("basicsr", "ntire", "srbench")]
    widths = [[border_width(border, scale) for scale in (2, 3, 4)] for border in borders]
    assert widths == [[2, 3, 4], [8, 9, 10], [4, 4, 4]]


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
        {"border": "scale+4"},
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


@pytest.mark.parametrize(
    ("protocol", "rule"),
    [("srbench", "full-range"), ("matlab", "full-range"), ("basicsr", "replicate"), ("ntire", "replicate")],
)
def test_gray_files_are_read_as_the_papers_codes_read_them(protocol: str, rule: str) -> None:
    found = PROTOCOLS.get(protocol)
    assert {found.for_inputs([kind]).gray for kind in (None, "matlab-bicubic", "pil-lanczos")} == {rule}


def test_enhancenet_reads_gray_files_as_three_channels_for_its_own_networks_only() -> None:
    protocol = PROTOCOLS.get("enhancenet")
    assert protocol.for_inputs(["pil-lanczos"]).gray == "replicate"
    assert protocol.for_inputs(["matlab-bicubic"]).gray == "full-range"
    assert protocol.for_inputs([]).gray == "full-range"  # result images: whose they are is not known
    assert protocol.for_inputs(["pil-lanczos"]).name == "enhancenet"


WHOLE = """
border = "scale"
luma = "bt601"
gray = "replicate"
metrics = ["psnr_y"]
degradation = "matlab-bicubic"
edges = "clamp"
lpips_region = "whole"
"""


def stated(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_protocol_of_the_users_states_every_field(tmp_path: Path) -> None:
    found = resolve(stated(tmp_path, WHOLE))
    basicsr = PROTOCOLS.get("basicsr")
    assert (found.border, found.luma, found.gray) == (basicsr.border, basicsr.luma, basicsr.gray)
    assert found.metrics == ("psnr_y",)
    assert found.name == f"mine-{found.hash[:8]}"
    assert found.as_dict()["hash"] == found.hash
    assert resolve(found) is found
    assert resolve("SRBENCH") is PROTOCOLS.get("srbench")


def test_the_hash_follows_what_is_measured_and_nothing_else(tmp_path: Path) -> None:
    one = resolve(stated(tmp_path, WHOLE))
    same = resolve(stated(tmp_path, f"summary = 'other words'\n# a remark\n{WHOLE}", "other.toml"))
    other = resolve(stated(tmp_path, WHOLE.replace('"scale"', '"scale+6"'), "third.toml"))
    assert same.hash == one.hash
    assert other.hash != one.hash
    assert same.name == f"other-{one.hash[:8]}"


def test_a_protocol_like_another_states_what_differs(tmp_path: Path) -> None:
    found = resolve(stated(tmp_path, "like = 'pirm'\nname = 'wide'\nborder = 10"))
    expected = dataclasses.replace(PROTOCOLS.get("pirm"), border=10)
    assert found.hash == dataclasses.replace(expected, version=found.version).hash
    assert found.name == f"wide-{found.hash[:8]}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("border = 4", "luma, gray, metrics, degradation, edges, lpips_region must be stated, or like"),
        ("like = 'srgam'", "unknown protocol 'srgam'; did you mean srgan"),
        ("like = 'srbench'\nboarder = 4", "unknown field 'boarder'; did you mean border"),
        ("like = 'srbench'\nversion = 4", "unknown field 'version'"),
        ("like = 'srbench'\nborder = -1", "border = -1: a whole number of pixels, 'scale' or 'scale\\+6'"),
        ("like = 'srbench'\nborder = true", "border = True: "),
        ("like = 'srbench'\nborder = '6+scale'", "border = '6\\+scale': "),
        ("like = 'srbench'\nluma = 'y'", "luma = 'y': bt601-rounded or bt601 or daala or rgb2gray-rounded"),
        ("like = 'srbench'\ngray = 1", "gray = 1: full-range or replicate is needed"),
        ("like = 'srbench'\nmetrics = 'psnr_y'", "metrics = 'psnr_y': a list of names"),
        ("like = 'srbench'\nname = 'a/b'", "name = 'a/b': letters, digits"),
        ("like = 'srbench'\nsummary = ''", "summary = '': a text"),
        ("border = ", "is not a TOML file"),
    ],
)
def test_what_a_file_does_not_say_rightly_is_wrong_usage(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        resolve(stated(tmp_path, text))
    assert "mine.toml" in str(caught.value) or "srgam" in str(caught.value)


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--protocol .*none.toml cannot be read: No such file"):
        resolve(tmp_path / "none.toml")


def test_a_run_under_a_protocol_of_the_users(tmp_path: Path) -> None:
    """The same numbers as the protocol whose fields it states; the record itself goes to other processes."""
    data, out = references(tmp_path / "data", count=2), tmp_path / "out"
    mine = stated(tmp_path, "like = 'basicsr'\nmetrics = ['psnr_y']")
    for protocol in (mine, "basicsr"):
        ended = command(
            "run", "--methods", "nearest", "--datasets", f"folder:{data}", "--metrics", "psnr_y",
            "--scale", "2", "--protocol", protocol, "--out", out, "--workers", "1", "--device", "cpu",
        )  # fmt: skip
        assert ended.code == 0, ended.err
    name = resolve(mine).name
    assert pickle.loads(pickle.dumps(resolve(mine))) == resolve(mine)
    by_protocol: dict[str, list[str]] = {}
    for row in rows(out / "scores.csv"):
        by_protocol.setdefault(row["protocol"], []).append(row["value"])
    assert by_protocol[name] == by_protocol["basicsr"]
    assert json.loads((out / "run.json").read_text())["protocols"][name]["hash"] == resolve(mine).hash


def test_a_protocol_of_luma_alone_sees_no_colour(tmp_path: Path) -> None:
    """Outputs are grayscale; result images in colour are compared by their Y."""
    from srbench.images.codec import read_image

    folder = references(tmp_path / "own", 1)
    ended = command(
        "run", "--methods", f"hr,bicubic,outputs:{folder}:copy", "--datasets", f"folder:{folder}",
        "--protocol", "srcnn", "--metrics", "psnr_y", "--out", tmp_path / "run",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    for name in ("hr", "bicubic", "copy"):
        (output,) = (tmp_path / "run" / "images" / name).rglob("*.png")
        assert read_image(output).ndim == 2
    values = {row["method"]: row["value"] for row in rows(tmp_path / "run" / "scores.csv")}
    assert values["hr"] == values["copy"] == "inf"
    assert float(values["bicubic"]) < 60


def test_a_plane_that_is_not_said_leaves_keys_and_hashes_as_they_were() -> None:
    usual = PROTOCOLS.get("matlab")
    alone = dataclasses.replace(usual, plane="luma")
    assert "plane" not in usual.as_dict()
    assert alone.as_dict()["plane"] == "luma"
    assert alone.hash != usual.hash
    assert alone.measurement() != usual.measurement()
