"""`srbench doctor`: what is here, what is missing, and the way to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

import srbench.doctor
from srbench.core.files import cache_folder
from srbench.datasets.catalogue import DATASETS
from srbench.doctor import Finding, examine
from srbench.methods.catalogue import METHODS
from srbench.metrics.catalogue import METRICS
from tests.helpers import command, picture, save


def by_name(findings: list[Finding], group: str) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings if finding.group == group}


def test_everything_registered_is_examined() -> None:
    findings = examine([])
    assert list(by_name(findings, "method")) == METHODS.names()
    assert list(by_name(findings, "metric")) == METRICS.names()
    assert list(by_name(findings, "data set")) == DATASETS.names()
    assert by_name(findings, "cache")["folder"].detail == str(cache_folder())


def test_what_runs_is_ready_and_what_is_missing_says_how_to_get_it(tmp_path: Path) -> None:
    findings = examine([])
    assert by_name(findings, "method")["bicubic"].missing is None
    assert str(by_name(findings, "method")["enet-pat"].missing).startswith(
        "weights enet-pat are not here: srbench methods pull enet-pat (https://"
    )
    assert "--from FILE" in str(by_name(findings, "method")["vdsr-twtygqyy"].missing)
    assert by_name(findings, "data set")["demo"].missing is None
    assert by_name(findings, "data set")["set5"].missing == "srbench datasets pull set5"
    assert "DIV2K_valid_HR.zip" in str(by_name(findings, "data set")["div2k-val"].missing)


def test_a_data_set_that_is_here_is_found(tmp_path: Path) -> None:
    save(tmp_path / "Set5" / "a.png", picture(8, 8))
    found = by_name(examine([tmp_path]), "data set")["set5"]
    assert (found.missing, found.detail) == (None, str(tmp_path / "Set5"))


def test_packages_by_their_requirements(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = ["numpy>=1.26", "no-such-package[extra]>=2; python_version > '3'", 'pytest>=8; extra == "dev"']
    monkeypatch.setattr(srbench.doctor, "requires", lambda _: listed)
    found = by_name(examine([]), "package")
    assert list(found) == ["numpy", "no-such-package"]
    assert found["numpy"].missing is None
    assert found["no-such-package"].missing == "pip install no-such-package"


def test_the_command_is_a_table_with_the_sum(tmp_path: Path) -> None:
    ended = command("doctor", "--data-root", tmp_path)
    assert (ended.code, ended.err) == (0, "")
    findings = examine([tmp_path])
    missing = sum(finding.missing is not None for finding in findings)
    assert f"{len(findings) - missing} ready, {missing} missing" in ended.out
    assert not cache_folder().joinpath("downloads").exists()
