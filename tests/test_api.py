"""The Python door: what goes in, what comes out, and that it agrees with the command line."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import srbench
from tests.helpers import command, picture, python, save

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two methods on the embedded images."""
    out = tmp_path_factory.mktemp("api") / "run"
    srbench.run(["nearest", "bicubic"], ["demo"], out=out, workers=1)
    return out


def test_importing_is_light() -> None:
    heavy = ["torch", "pandas", "scipy", "numba", "PIL", "matplotlib"]
    code = f"import sys, srbench\nprint([name for name in {heavy!r} if name in sys.modules])"
    out, err = python(code).communicate(timeout=60)
    assert (out.strip(), err) == ("[]", "")


def test_public_names_are_there_and_others_are_not() -> None:
    for name in srbench.__all__:
        assert getattr(srbench, name) is not None
        assert name in dir(srbench)
    with pytest.raises(AttributeError, match="no attribute 'scores'"):
        srbench.scores  # type: ignore[attr-defined]  # noqa: B018


def test_score_gives_the_numbers_of_the_command(tmp_path: Path) -> None:
    reference, output = picture(64, 60, 3), picture(64, 60, 4)
    save(tmp_path / "hr.png", reference)
    save(tmp_path / "out.png", output)
    table = tmp_path / "scores.csv"
    command("score", str(tmp_path / "out.png"), "--reference", str(tmp_path / "hr.png"), "--csv", str(table))
    printed = {
        cells[1]: float(cells[2]) for line in table.read_text().splitlines()[1:] if (cells := line.split(","))
    }
    assert srbench.score(tmp_path / "out.png", tmp_path / "hr.png") == printed
    assert srbench.score(output, reference) == printed


def test_score_has_none_and_a_reason_for_what_cannot_be_scored() -> None:
    small = picture(40, 40, 1)
    scores = srbench.score(small, small, metrics=["psnr_y", "niqe"])
    assert scores["psnr_y"] == math.inf
    assert scores["niqe"] is None
    assert list(scores.reasons) == ["niqe"]
    assert len(scores.reasons["niqe"].splitlines()) == 1


def test_a_damaged_image_is_a_reason_and_a_missing_one_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(b"\x89PNG")
    scores = srbench.score(tmp_path / "cut.png", picture(40, 40, 1))
    assert dict(scores) == {"psnr_y": None, "ssim_y": None}
    assert scores.reasons["ssim_y"].startswith("cut.png: ")
    with pytest.raises(srbench.UserError, match=r"away\.png: no such file"):
        srbench.score(picture(40, 40, 1), tmp_path / "away.png")


def test_score_without_a_reference_says_what_lacks() -> None:
    scores = srbench.score(picture(40, 40, 1), metrics=["psnr_y"])
    assert scores.reasons == {"psnr_y": "psnr_y needs a reference"}


def test_a_scale_is_asked_for_where_the_border_depends_on_it() -> None:
    image = picture(40, 40, 1)
    with pytest.raises(srbench.UsageError, match="scale"):
        srbench.score(image, image, protocol="basicsr")
    assert srbench.score(image, image, protocol="basicsr", scale=2)["psnr_y"] == math.inf


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: srbench.score("a.png", metrics="psnr_y"), r"metrics must be a list of names"),
        (lambda: srbench.score(picture(40, 40, 1), metrics=["pnsr"]), r"unknown metric 'pnsr'; did you mean"),
        (lambda: srbench.run("bicubic", ["demo"], out="x"), r"methods must be a list of names"),
        (lambda: srbench.run(["bicubik"], ["demo"], out="x"), r"unknown method 'bicubik'"),
        (lambda: srbench.upscale(picture(8, 8, 1), "hr"), "hr does not upscale"),
        (lambda: srbench.upscale(picture(8, 8, 1), "espcn", scale=3), "x"),
        (lambda: srbench.upscale(picture(8, 8, 1), "bicubic", scale=0), "scale=0: a positive whole number"),
        (lambda: srbench.upscale(picture(8, 8, 1), "bicubic", scale=1.5), r"scale=1\.5: a positive whole"),  # type: ignore[arg-type]
        (lambda: srbench.score(picture(8, 8, 1), metrics=[]), "metrics is empty"),
    ],
)
def test_wrong_usage_is_one_line(call, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(srbench.UsageError, match=said) as caught:
        call()
    assert len(str(caught.value).splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_upscale_gives_the_pixels_of_a_run(folder: Path, tmp_path: Path) -> None:
    from srbench.images.codec import read_image

    made = sorted((folder / "images/bicubic/demo/x4").glob("*.png"))[0]
    image = picture(24, 20, 2)
    output = srbench.upscale(image, "nearest", scale=3)
    assert (output.dtype, output.shape) == (np.uint8, (72, 60, 3))
    assert np.array_equal(output, np.repeat(np.repeat(image, 3, axis=0), 3, axis=1))
    assert read_image(made).dtype == np.uint8


def test_a_run_gives_tidy_tables(folder: Path) -> None:
    run = srbench.load(folder)
    assert len(run.scores) == 2 * 6 * 2  # methods, images, metrics
    assert not run.scores.duplicated(["method", "dataset", "scale", "protocol", "image", "metric"]).any()
    means = run.scores.groupby(["method", "metric"]).value.mean()
    board = run.leaderboard().set_index("method")
    for method in ("nearest", "bicubic"):
        assert board.loc[method, "psnr_y"] == pytest.approx(means[method, "psnr_y"], abs=1e-12)


def test_compare_agrees_with_scipy(folder: Path) -> None:
    from scipy.stats import wilcoxon

    run = srbench.load(folder)
    row = run.compare("bicubic", "nearest", metric="psnr_y").iloc[0]
    values = run.scores.query("metric == 'psnr_y'").pivot(index="image", columns="method", values="value")
    expected = wilcoxon(values.bicubic, values.nearest, method="exact")
    assert row.p_value == pytest.approx(expected.pvalue, abs=1e-12)


def test_a_run_is_printed_for_papers(folder: Path) -> None:
    run = srbench.load(folder)
    assert "\\begin{tabular}" in run.latex()
    assert run.markdown().startswith("###")
    assert "2 methods on demo" in repr(run)
    with pytest.raises(srbench.UsageError, match="layout='wide': 'boards' or 'paper'"):
        run.latex(layout="wide")  # type: ignore[arg-type]


def test_load_refuses_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(srbench.UserError, match="no such folder"):
        srbench.load(tmp_path / "nothing")


def test_the_notebook_runs(tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    notebook = nbformat.read(REPOSITORY / "examples" / "from_python.ipynb", as_version=4)
    client.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    texts = json.dumps([cell.get("outputs", []) for cell in notebook.cells])
    assert "psnr_y" in texts
    assert '"error"' not in texts
