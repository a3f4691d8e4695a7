"""Published numbers of ten papers and programs, and the convention of each among those that agree.

The papers' numbers are of bicubic interpolation and of RCAN's published outputs on Set5 and Set14, which
are at hand; the programs' are computed here with the programs themselves.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srbench.core.pulling import sources
from srbench.core.weights import pull
from srbench.images.codec import read_image
from srbench.images.resize import imresize
from srbench.methods.catalogue import METHODS
from tests.helpers import Result, command, picture, save
from tests.helpers import rows as csv_rows

# Paper, data set, scale, number as printed, and what decides it.
_OF_LUMA = "luma-double"
_USUAL = {"luma": "bt601", "rounded": True, "border": 4, "inputs": "matlab"}
BICUBIC = [
    ("SRCNN (TPAMI 2016), Table 2", 4, "28.42/0.8104", {"inputs": _OF_LUMA, "border": 4}),
    ("VDSR (CVPR 2016), Table 3", 2, "33.66/0.9299", {"inputs": _OF_LUMA, "border": 2}),
    ("EDSR (CVPRW 2017), Table 3", 3, "30.39/0.8682", {"inputs": _OF_LUMA, "border": 3}),
    ("EnhanceNet (ICCV 2017), Table 2", 4, "28.42", _USUAL),
    ("SRGAN (CVPR 2017), Table 2", 4, "28.43/0.8211", {"luma": "daala", "ssim_kind": "daala", "border": 4}),
]


def explained(tmp_path: Path, *arguments: str | Path) -> tuple[list[dict[str, Any]], Result]:
    ended = command("explain", *arguments, "--json", tmp_path / "e.json")
    assert ended.code == 0, ended.err
    rows = json.loads((tmp_path / "e.json").read_text())
    assert {"luma", "rounded", "gray", "border", "ssim_kind", "average", "psnr", "ssim", "matches"} <= rows[
        0
    ].keys()
    flags = [row["matches"] for row in rows]
    assert flags == sorted(flags, reverse=True)  # those that agree come first
    return rows, ended


def agreeing(rows: list[dict[str, Any]], wanted: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in rows if row["matches"] and all(row[key] == value for key, value in wanted.items())]


@pytest.mark.parametrize(("paper", "scale", "claimed", "wanted"), BICUBIC, ids=lambda value: str(value)[:12])
def test_bicubic_of_a_paper(
    shared: Path, tmp_path: Path, paper: str, scale: int, claimed: str, wanted: dict[str, Any]
) -> None:
    rows, ended = explained(
        tmp_path, "--method", "bicubic", "--dataset", "set5", "--scale", str(scale), "--claimed", claimed,
        "--data-root", shared / "data",
    )  # fmt: skip
    assert agreeing(rows, wanted), paper
    # Everything that agrees is listed.
    assert f"{sum(row['matches'] for row in rows)} agree to the printed digits" in ended.out


def test_selfexsrs_published_means(shared: Path, tmp_path: Path) -> None:
    """The mean of the authors' own values per image, to four and five decimals."""
    with (shared / "reported" / "selfexsr_per_image_set5_x2_x3.csv").open(newline="") as stream:
        published = [
            row for row in csv.DictReader(stream) if row["method"] == "bicubic" and row["scale"] == "3"
        ]
    psnr, ssim = (
        np.mean([float(row["value"]) for row in published if row["metric"] == name])
        for name in ("psnr_y", "ssim_y")
    )
    rows, _ = explained(
        tmp_path, "--method", "bicubic", "--dataset", "set5", "--scale", "3", "--data-root", shared / "data",
        "--claimed", f"{psnr:.3f}/{ssim:.4f}",
    )  # fmt: skip
    wanted = {"luma": "bt601", "rounded": True, "border": 3, "ssim_kind": "wang", "inputs": "matlab"}
    assert agreeing(rows, wanted)
    assert not agreeing(rows, wanted | {"rounded": False})


@pytest.mark.parametrize(("folder", "claimed"), [("RCAN", "32.63/0.9002"), ("RCANplus", "32.73/0.9013")])
def test_rcans_outputs(shared: Path, tmp_path: Path, folder: str, claimed: str) -> None:
    """RCAN (Zhang et al., ECCV 2018), Table 2."""
    data = shared / "data"
    rows, _ = explained(
        tmp_path, data / "rcan_outputs_set5_x4" / folder, "--reference", data / "rcan_set5_hr" / "x4",
        "--claimed", claimed,
    )  # fmt: skip
    unrounded = {"luma": "bt601", "rounded": False, "border": 4, "ssim_kind": "wang"}
    assert rows[0].items() >= unrounded.items()
    assert not agreeing(rows, {"luma": "bt601", "rounded": True, "border": 4})


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Three outputs with their references, of different sizes."""
    for index, size in enumerate(((60, 72), (88, 64), (52, 52))):
        reference = picture(*size, seed=index)
        noise = np.random.default_rng(index).integers(-12 - 5 * index, 13 + 5 * index, reference.shape)
        save(tmp_path / "hr" / f"{index}.png", reference)
        save(tmp_path / "sr" / f"{index}.png", np.clip(reference + noise, 0, 255).astype(np.uint8))
    return tmp_path / "sr", tmp_path / "hr"


def both(folders: tuple[Path, Path]) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(read_image(folders[0] / f"{n}.png"), read_image(folders[1] / f"{n}.png")) for n in range(3)]


def test_what_users_of_scikit_image_get(folders: tuple[Path, Path], tmp_path: Path) -> None:
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    psnr = np.mean([peak_signal_noise_ratio(reference, output) for output, reference in both(folders)])
    ssim = np.mean([structural_similarity(*pair, channel_axis=2) for pair in both(folders)])
    rows, _ = explained(
        tmp_path, folders[0], "--reference", folders[1], "--claimed", f"{psnr:.4f}/{ssim:.5f}"
    )
    assert (
        rows[0].items() >= {"luma": "rgb", "border": 0, "ssim_kind": "skimage", "average": "images"}.items()
    )


def test_what_users_of_scikit_images_gray_floats_get(folders: tuple[Path, Path], tmp_path: Path) -> None:
    from skimage.color import rgb2gray
    from skimage.metrics import structural_similarity

    grays = [(rgb2gray(output), rgb2gray(reference)) for output, reference in both(folders)]
    psnr = np.mean([-10 * np.log10(np.mean((output - reference) ** 2)) for output, reference in grays])
    ssim = np.mean([structural_similarity(*pair, data_range=1, gaussian_weights=True) for pair in grays])
    rows, _ = explained(
        tmp_path, folders[0], "--reference", folders[1], "--claimed", f"{psnr:.4f}/{ssim:.5f}"
    )
    wanted = {"luma": "gray709", "rounded": False, "border": 0, "ssim_kind": "skimage-gaussian"}
    assert rows[0].items() >= wanted.items()


def test_what_users_of_torchmetrics_get(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Errors are summed over the pixels of all images before the logarithm; SSIM is averaged over images."""
    torch = pytest.importorskip("torch")
    image = pytest.importorskip("torchmetrics.image")

    def tensor(pixels: np.ndarray) -> Any:
        return torch.from_numpy(pixels / 255).permute(2, 0, 1)[None]

    psnr = image.PeakSignalNoiseRatio(data_range=1.0)
    ssim = image.StructuralSimilarityIndexMeasure(data_range=1.0)
    for output, reference in both(folders):
        psnr.update(tensor(output), tensor(reference))
        ssim.update(tensor(output), tensor(reference))
    claimed = f"{float(psnr.compute()):.3f}/{float(ssim.compute()):.4f}"
    rows, _ = explained(tmp_path, folders[0], "--reference", folders[1], "--claimed", claimed)
    wanted = {"luma": "rgb", "border": 0, "ssim_kind": "torchmetrics", "average": "mse", "pooled": True}
    assert agreeing(rows, wanted)


def test_the_mistake_with_gray_files_of_published_tables(tmp_path: Path) -> None:
    """The output's limited-range Y against a full-range reference, as in tables of SRCNN on Set14."""
    reference = picture(64, 72, channels=1)
    noise = np.random.default_rng(0).integers(-10, 11, reference.shape)
    output = np.clip(reference + noise, 0, 255).astype(np.uint8)
    hr, sr = save(tmp_path / "hr.png", reference), save(tmp_path / "sr.png", np.stack([output] * 3, axis=-1))
    limited = np.floor(16 + 219 * output.astype(float) / 255 + 0.5)[4:-4, 4:-4]
    psnr = -10 * np.log10(np.mean((limited - reference[4:-4, 4:-4]) ** 2) / 255**2)
    rows, ended = explained(tmp_path, sr, "--reference", hr, "--claimed", f"{psnr:.3f}")
    assert agreeing(rows, {"gray": "output-limited", "luma": "bt601", "rounded": True, "border": 4})
    assert "MISTAKE gray outputs limited range" in ended.out


def test_a_number_of_pirms_code(shared: Path, tmp_path: Path) -> None:
    """ESRGAN (Wang et al., ECCVW 2018), Figure 7, measured with PIRM's code: bicubic baboon, 22.44."""
    folder = shared / "data" / "Set14" / "image_SRF_4"
    low = read_image(folder / "img_001_SRF_4_LR.png")
    output = save(tmp_path / "baboon.png", imresize(low, 4))
    rows, ended = explained(
        tmp_path, output, "--reference", folder / "img_001_SRF_4_HR.png", "--claimed", "22.44"
    )
    assert agreeing(rows, {"luma": "bt601", "rounded": True, "border": 4, "average": "images"})
    assert "PIRM" in ended.out
    # Two digits of one image leave several: all are listed.
    assert f"{sum(row['matches'] for row in rows)} agree to the printed digits" in ended.out
    assert not agreeing(rows, {"luma": "rgb"})


@pytest.mark.slow
def test_the_bicubic_of_a_participant_of_pirm(shared: Path, tmp_path: Path) -> None:
    """4PP-EUSR (Choi et al., PIRM 2018), README: BSD100, 25.957 dB, measured with PIRM's own code."""
    rows, _ = explained(
        tmp_path, "--method", "bicubic", "--dataset", "bsd100", "--data-root", shared / "data",
        "--claimed", "25.957",
    )  # fmt: skip
    assert agreeing(rows, _USUAL)
    assert not agreeing(rows, _USUAL | {"rounded": False})


@pytest.mark.slow
def test_the_bicubic_of_basicsrs_line_on_set14(shared: Path, tmp_path: Path) -> None:
    """SPSR's README (Ma et al., CVPR 2020, built on BasicSR) and LapSRN (CVPR 2017), Table 3: 26.10, where
    others print 25.99 or 26.00: colours that were never quantised, the gray file as three channels."""
    rows, ended = explained(
        tmp_path, "--method", "bicubic", "--dataset", "set14", "--data-root", shared / "data",
        "--claimed", "26.10",
    )  # fmt: skip
    wanted = {"inputs": "matlab-double", "gray": "replicate", "luma": "bt601", "rounded": True, "border": 4}
    assert agreeing(rows, wanted)
    assert "SPSR" in ended.out


def test_an_authors_network_by_its_own_script(shared: Path, tmp_path: Path) -> None:
    """FSRCNN (Dong et al., ECCV 2016), Set5 x3: 33.16/0.9140, on Y alone; the protocol found measures so."""
    method = METHODS.get("fsrcnn")
    for file, source in sources(method.name, method.weights, [shared / "weights" / "authors"]):
        pull(file, source)
    rows, ended = explained(
        tmp_path, "--method", "fsrcnn", "--dataset", "set5", "--scale", "3", "--data-root", shared / "data",
        "--claimed", "33.16/0.9140", "--write-protocol", tmp_path / "found.toml",
    )  # fmt: skip
    (best,) = [row for row in rows if row["matches"]]
    assert (best["inputs"], best["border"], best["rounded"]) == (_OF_LUMA, 3, True)
    assert "the scripts of SRCNN" in ended.out
    ended = command(
        "run", "--methods", "fsrcnn", "--datasets", "set5", "--scale", "3", "--data-root", shared / "data",
        "--protocol", tmp_path / "found.toml", "--out", tmp_path / "run", "--workers", "1",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    found = [row for row in csv_rows(tmp_path / "run" / "scores.csv") if row["metric"] == "psnr_y"]
    assert np.mean([float(row["value"]) for row in found]) == pytest.approx(best["psnr"], abs=1e-9)
