from __future__ import annotations

from srbench.methods.catalogue import METHODS
from srbench.methods.renamed import name_today


def test_runs_of_before_are_read_under_the_names_of_today() -> None:
    facts = {name: {"version": 1, "weights": {}} for name in ("vdsr", "srcnn", "bicubic", "lapsrn+x8")}
    found = [name_today(name, facts) for name in facts]
    assert found == ["vdsr-twtygqyy", "srcnn-srbench", "bicubic", "lapsrn-twtygqyy+x8"]
    assert all(METHODS.get(name.partition("+")[0]).name == name.partition("+")[0] for name in found)


def test_runs_that_know_origins_keep_their_names() -> None:
    facts = {"vdsr": {"version": 1, "weights": {}, "origin": "authors' weights"}}
    assert name_today("vdsr", facts) == "vdsr"
    assert name_today("mine.pth", facts) == "mine.pth"
