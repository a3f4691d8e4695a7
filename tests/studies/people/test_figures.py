"""SRGAN's Figure 5 of a study: shares of ratings, means and their intervals."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.core.figures import style
from srbench.studies.people.figures import of_study
from tests.helpers import command, rows

pytest.importorskip("krippendorff", reason="no analysis: pip install 'srbench[study]'")


def _study(folder: Path) -> Path:
    lines = ["rater,dataset,scale,image,method,rating,kind"]
    for rater in range(4):
        for image in "ab":
            lines += [f"{rater},set,4,{image},good,{4 + rater % 2},test", f"{rater},set,4,{image},bad,1,test"]
    folder.with_suffix(".csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert command("study", "import", folder.with_suffix(".csv"), "--out", folder).code == 0
    return folder


def test_shares_means_and_counts_are_those_of_the_answers(tmp_path: Path) -> None:
    study = _study(tmp_path / "study")
    with style():
        drawn = of_study(study)
        drawn.figure.canvas.draw()
    panel = drawn.figure.axes[0]
    shares = panel.images[0].get_array()
    assert [label.get_text() for label in panel.get_xticklabels()] == ["bad", "good"]
    assert shares.tolist() == [[1, 0], [0, 0], [0, 0], [0, 0.5], [0, 0.5]]
    assert "8 ratings a method by 4 raters of 2 images" in drawn.caption
    made = command("figure", "mos", study)
    assert made.code == 0, made.err
    table = {row["method"]: row for row in rows(study / "figures" / "mos.csv")}
    assert (table["good"]["mos"], table["good"]["score_5"], table["good"]["n"]) == ("4.5", "4", "8")
    assert float(table["good"]["low"]) < 4.5 < float(table["good"]["high"])


def test_a_study_of_choices_has_no_opinions(tmp_path: Path) -> None:
    lines = ["rater,image,left,right,preferred", *(f"{rater},a,x,y,x" for rater in range(3))]
    (tmp_path / "c.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert command("study", "import", tmp_path / "c.csv", "--out", tmp_path / "study").code == 0
    assert "needs a study of opinion scores (mos)" in command("figure", "mos", tmp_path / "study").message
