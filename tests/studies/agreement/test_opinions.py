"""Public opinions in their authors' formats, on made data, and on the authors' files where they are here.

`SRBENCH_OPINIONS` may name a folder with draw_scatter.mat (weizhou-geek/SRIF), normalize_SRIQA_mos.txt
(ChrisDud0257/AFINE) and sr_subjective_results.csv (cschenjunlin/SR-IQA-SMC25).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from srbench.core.records import UsageError, UserError
from srbench.studies.agreement.files import Files
from srbench.studies.agreement.opinions import check_direction, read_opinions
from srbench.studies.agreement.votes import read_votes
from tests.helpers import picture, save


def _cells(names: list[str]) -> np.ndarray:
    made = np.empty((len(names), 1), dtype=object)
    made[:, 0] = names
    return made


def test_qads_has_two_spaces_and_the_reference_before_the_underscore(tmp_path: Path):
    (tmp_path / "mos_with_names.txt").write_text("0.1234  img01_2_01.bmp\r\n0.9000  img20_4_21.bmp\r\n")
    found = read_opinions(tmp_path / "mos_with_names.txt")
    assert [(one.image, one.reference, one.family, one.score) for one in found] == [
        ("img01_2_01.bmp", "img01", "01", 0.1234),
        ("img20_4_21.bmp", "img20", "21", 0.9),
    ]


def test_pipal_is_a_folder_of_labels_or_one_table(tmp_path: Path):
    (tmp_path / "Train_Label").mkdir()
    (tmp_path / "Train_Label" / "A0001.txt").write_text("A0001_00_00.bmp,1520.0648\nA0001_04_03.bmp,1437.1\n")
    folder = read_opinions(tmp_path / "Train_Label")
    assert [(one.reference, one.family) for one in folder] == [
        ("A0001", "traditional distortion"),
        ("A0001", "super-resolution, GAN"),
    ]
    table = tmp_path / "meta.csv"
    table.write_text("hq_name,dist_name,elo_score\nA0001.bmp,A0001_00_00.bmp,1520.0648\n")
    (one,) = read_opinions(table)
    assert (one.image, one.reference, one.score) == ("A0001_00_00.bmp", "A0001.bmp", 1520.0648)


def test_sriqa_says_its_reference_and_has_originals_among_the_images(tmp_path: Path):
    path = tmp_path / "normalize_SRIQA_mos.txt"
    path.write_text(
        "a_Original.png,a_Original.png,0\na_SUPIRx4.png,a_Original.png,50\na_X.png,a_Original.png,90\n"
    )
    found = read_opinions(path)
    assert [one.is_original for one in found] == [True, False, False]
    assert {one.reference for one in found} == {"a_Original.png"}
    with pytest.raises(UsageError, match="1 of 1 originals are scored below"):
        check_direction(found)


def test_ma_has_a_column_of_scores_for_each_method(tmp_path: Path):
    names = [
        f"D:\\data\\SRimages\\{method}\\{scale}\\s1\\{picture}.bmp"
        for method in ("Bicubic", "Shan08")
        for scale in ("sf2", "sf3", "sf4")
        for picture in ("100075", "101085")
    ]
    scores = np.arange(12.0).reshape(2, 6).T  # images x methods
    savemat(
        tmp_path / "sr_metric_data.mat", {"SR_image_names": _cells(names), "subject_scores_mean40": scores}
    )
    found = read_opinions(tmp_path / "sr_metric_data.mat")
    assert [one.score for one in found] == list(range(12))
    assert found[7].image == "Shan08/sf2/s1/101085.bmp"
    assert (found[7].reference, found[7].family) == ("101085.bmp", "Shan08")


def test_wind_keeps_factors_and_sources_apart(tmp_path: Path):
    names = [
        f"factor{factor}/{source}/{version}.bmp"
        for factor in (2, 4)
        for source in (1, 2)
        for version in (1, 2)
    ]
    savemat(tmp_path / "w.mat", {"name": _cells(names), "avg_MOS": np.arange(8.0)[:, None], "other": 3.0})
    found = read_opinions(tmp_path / "w.mat")
    assert len({one.reference for one in found}) == 4
    assert found[5].image == "factor4/1/2.bmp"
    assert found[5].score == 5


def test_a_matlab_file_of_something_else_is_refused(tmp_path: Path):
    savemat(tmp_path / "x.mat", {"name": _cells(["a.bmp", "b.bmp"]), "avg_MOS": np.array([1.0])})
    with pytest.raises(UserError, match="2 names and 1 scores"):
        read_opinions(tmp_path / "x.mat")
    savemat(tmp_path / "y.mat", {"mos": np.array([1.0])})
    with pytest.raises(UserError, match="neither the variables"):
        read_opinions(tmp_path / "y.mat")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.png,3\nb.png\n", "line 2: needs the name of an image and one score"),
        ("a.png,3\na.png,4\n", "names 1 images more than once"),
        ("name,score\n", "holds no opinions"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, text: str, message: str):
    (tmp_path / "x.txt").write_text(text)
    with pytest.raises(UserError, match=message):
        read_opinions(tmp_path / "x.txt")


def test_an_image_is_never_taken_for_another_of_its_name(tmp_path: Path):
    for name in ("factor2/1/3.bmp", "factor4/1/3.bmp", "factor4/2/5.png", "a.v1.png"):
        save(tmp_path / "WIND" / name, picture(8, 8))
    files = Files(tmp_path / "WIND")
    assert files.find("factor4/1/3.bmp") == tmp_path / "WIND/factor4/1/3.bmp"
    assert files.find("factor8/1/3.bmp") is None
    assert files.find("factor4/2/5.bmp") == tmp_path / "WIND/factor4/2/5.png", "converted to another format"
    assert files.find("factor2/1") is None, "a folder is not the image 1 of another folder"
    with pytest.raises(UserError, match="2 images of the name 3"):
        files.find("3.bmp")
    inside = Files(tmp_path / "WIND" / "factor2")
    assert inside.find("factor2/1/3.bmp") == tmp_path / "WIND/factor2/1/3.bmp"
    assert inside.find("factor4/1/3.bmp") is None


def _authors(name: str) -> Path:
    path = Path(os.environ.get("SRBENCH_OPINIONS", "")) / name
    if not path.is_file():
        pytest.skip(f"{name} is not here: set SRBENCH_OPINIONS to the folder that has it")
    return path


def test_the_authors_file_of_wind():
    found = read_opinions(_authors("draw_scatter.mat"))
    assert len(found) == 312 == 3 * 13 * 8
    assert len({one.reference for one in found}) == 39
    # MATLAB's own listing of the file's first and last entries.
    assert (found[0].image, found[0].score) == ("factor2/1/1.bmp", 2.8621)
    assert (found[-1].image, found[-1].score) == ("factor8/13/8.bmp", 8.1724)


def test_the_authors_file_of_sriqa():
    found = read_opinions(_authors("normalize_SRIQA_mos.txt"))
    assert len(found) == 1100
    assert sum(one.is_original for one in found) == len({one.reference for one in found}) == 100
    with pytest.raises(UsageError, match="92 of 100 originals"):
        check_direction(found)


def test_the_authors_file_of_votes():
    found = read_votes(_authors("sr_subjective_results.csv"))
    assert len(found) == 1056
    first = found[0]
    assert (first.reference, first.methods) == ("01450", ("BSRGAN", "DASR"))
    assert first.share == pytest.approx(21 / 23)
