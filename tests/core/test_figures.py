"""Figures: the same files each time, their numbers beside them, captions below and in the files."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srbench.core.figures import (
    Drawn,
    look,
    missing_glyphs,
    new_figure,
    plain_logarithms,
    save,
    stem_of,
    style,
)
from tests.helpers import rows

CAPTION = "14 images; lower is better; " + "a long remark that takes more than a line, " * 4


def _drawn() -> Drawn:
    figure, axes = new_figure(3, 2)
    axes.plot([0, 1], [1, 0])
    return Drawn(figure, [{"method": "a", "value": 0.1}, {"method": "=b", "low": None}], CAPTION)


def test_a_figure_is_four_files_with_its_numbers(tmp_path: Path) -> None:
    with style():
        made = save(_drawn(), tmp_path / "x.1")
    assert [path.name for path in made] == ["x.1.svg", "x.1.pdf", "x.1.png", "x.1.csv"]
    assert rows(made[3]) == [
        {"method": "a", "value": "0.1", "low": ""},
        {"method": "'=b", "value": "", "low": ""},
    ]
    with style():
        again = save(_drawn(), tmp_path / "y")
    assert [path.read_bytes() for path in made] == [path.read_bytes() for path in again]


def test_the_caption_can_stay_out_of_the_picture_and_is_in_the_files(tmp_path: Path) -> None:
    with style():
        shown = save(_drawn(), tmp_path / "with")
        without = save(_drawn(), tmp_path / "without", captioned=False)
    assert shown[0].read_text().count("14 images") == 2  # letters and description
    assert without[0].read_text().count("14 images") == 1
    with Image.open(shown[2]) as tall, Image.open(without[2]) as low:
        assert (tall.text["Description"], low.text["Description"]) == (CAPTION, CAPTION)
        assert tall.height > low.height
        assert tall.width <= low.width + 2 * 40  # lines are folded to the figure's width


def test_a_legend_outside_stays_above_the_caption(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    tall = {}
    with style():
        for name, caption in (("with", CAPTION), ("without", "")):
            figure = Figure(figsize=(3, 2), layout="constrained")
            figure.add_subplot().plot([0, 1], label="a", color="#123456")
            figure.legend(loc="outside lower center")
            (path,) = (
                one for one in save(Drawn(figure, (), caption), tmp_path / name) if one.suffix == ".png"
            )
            with Image.open(path) as image:
                pixels = np.asarray(image.convert("RGB"))
            tall[name] = pixels
    # The plot and its legend are the same pixels at the top; the caption only adds rows below them.
    height = tall["without"].shape[0]
    rows_of_legend = np.flatnonzero((tall["without"] == (0x12, 0x34, 0x56)).all(axis=2).any(axis=1))
    rows_with_caption = np.flatnonzero((tall["with"] == (0x12, 0x34, 0x56)).all(axis=2).any(axis=1))
    assert tall["with"].shape[0] > height
    assert abs(int(rows_of_legend[-1]) - int(rows_with_caption[-1])) <= 1


@pytest.mark.parametrize(
    ("given", "stem"), [("a.pdf", "a"), ("a.csv", "a"), ("v0.1", "v0.1"), ("d/b.png", "d/b")]
)
def test_a_suffix_of_ours_is_no_part_of_a_name(given: str, stem: str) -> None:
    assert stem_of(Path(given)) == Path(stem)


def test_fifty_six_things_look_different() -> None:
    assert len({look(index) for index in range(56)}) == 56


def test_logarithmic_axes_have_plain_numbers() -> None:
    with style():
        figure, axes = new_figure(3, 2)
        axes.plot([1, 900], [1, 2])
        axes.set_xscale("log")
        plain_logarithms(axes.xaxis)
        figure.canvas.draw()
        texts = [label.get_text() for label in axes.get_xticklabels(which="both")]
    assert not [text for text in texts if "$" in text or "{" in text]
    assert {"10", "100"} <= set(texts)


def test_letters_that_the_font_lacks_are_collected(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    with style(), missing_glyphs() as missing:
        figure, axes = new_figure(3, 2)
        axes.set_title("méthode \u8d85")
        save(Drawn(figure, [], ""), tmp_path / "figure")
        warnings.warn("another", stacklevel=1)
    assert list(missing) == ["\u8d85"]
    assert [str(warning.message) for warning in recwarn] == ["another"]
