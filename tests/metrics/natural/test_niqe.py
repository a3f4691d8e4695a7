"""NIQE against the official values, against pyiqa, and on images that cannot be scored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from srbench.core.records import Unscorable, UserError
from srbench.images.codec import read_image
from srbench.images.pixels import matlab_gray
from srbench.metrics.natural.niqe import NiqeParameters, load_niqe_parameters, niqe, niqe_features

# The five images of pyiqa's calibration set (IQA-PyTorch, `ResultsCalibra`), through MATLAB's rounded
# rgb2gray. I04: the value of the official MATLAB release, as published in results_official.csv there;
# the image has no flat areas, so the value is well defined (measured agreement: 4e-13). The others have
# flat areas: the values were computed with |coefficient| < 1e-10 taken as zero by an independent
# prototype in NumPy (design of this project) and hold for every order of summation.
OFFICIAL_I04 = 3.65492152353770
CALIBRATION = {"I03": 15.74596, "I04": 3.65492, "I06": 3.23433, "I08": 3.20201, "I19": 8.66548}


@pytest.fixture(scope="module")
def parameters_file(shared: Path) -> Path:
    return shared / "weights" / "niqe_modelparameters.mat"


@pytest.fixture(scope="module")
def parameters(parameters_file: Path) -> NiqeParameters:
    return load_niqe_parameters(parameters_file)


@pytest.fixture
def made_parameters() -> NiqeParameters:
    """Parameters for tests that need no real ones."""
    return NiqeParameters(np.linspace(0.1, 1.0, 36), np.eye(36))


def calibration_image(shared: Path, name: str) -> np.ndarray:
    return matlab_gray(read_image(shared / "data" / "iqa_calibration" / "dist_dir" / f"{name}.bmp"))


def textured(height: int, width: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


@pytest.mark.parametrize("name", CALIBRATION)
def test_calibration_images(name: str, shared: Path, parameters: NiqeParameters) -> None:
    assert niqe(calibration_image(shared, name), parameters) == pytest.approx(CALIBRATION[name], abs=1e-4)


def test_official_value(shared: Path, parameters: NiqeParameters) -> None:
    assert niqe(calibration_image(shared, "I04"), parameters) == pytest.approx(OFFICIAL_I04, abs=1e-9)


def test_flat_areas_do_not_depend_on_rounding(shared: Path, parameters: NiqeParameters) -> None:
    # Adding a constant changes every rounding error of the local means and nothing else.
    image = calibration_image(shared, "I19").astype(np.float64)
    assert niqe(image + 1000 / 3, parameters) == pytest.approx(niqe(image, parameters), rel=1e-6)


def test_same_value_alone_among_threads_and_again(made_parameters: NiqeParameters) -> None:
    images = [textured(200, 300, seed) for seed in range(4)]
    alone = [niqe(image, made_parameters) for image in images]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda image: niqe(image, made_parameters), images)) == alone
    assert [niqe(image, made_parameters) for image in images] == alone


def test_bytes_and_floats_and_strides(made_parameters: NiqeParameters) -> None:
    image = np.random.default_rng(3).integers(0, 256, (150, 260, 3), dtype=np.uint8)[..., 0]
    expected = niqe(np.ascontiguousarray(image), made_parameters)
    assert niqe(image, made_parameters) == expected
    assert niqe(image.astype(np.float64), made_parameters) == expected


def test_features_per_whole_block() -> None:
    assert niqe_features(textured(200, 300)).shape == (6, 36)
    image = textured(192, 288)
    padded = np.pad(image, ((0, 50), (0, 95)))
    np.testing.assert_array_equal(niqe_features(padded), niqe_features(image))


@pytest.mark.parametrize("shape", [(96, 96), (95, 2000), (191, 191), (1, 1)])
def test_too_small(shape: tuple[int, int], made_parameters: NiqeParameters) -> None:
    with pytest.raises(Unscorable, match="two whole 96x96 blocks"):
        niqe(textured(*shape), made_parameters)


def test_smallest(made_parameters: NiqeParameters) -> None:
    assert np.isfinite(niqe(textured(96, 192), made_parameters))


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.full((200, 200), 7, np.uint8), "constant"),
        (np.where(np.arange(200)[:, None] == 3, np.nan, np.ones((200, 200))), "not finite"),
        (np.pad(textured(20, 20), ((0, 180), (0, 180))), "fewer than two blocks"),
    ],
)
def test_unscorable(image: np.ndarray, reason: str, made_parameters: NiqeParameters) -> None:
    with pytest.raises(Unscorable, match=reason):
        niqe(image, made_parameters)


def test_partly_flat_image_has_a_value(made_parameters: NiqeParameters) -> None:
    image = textured(288, 288)
    image[:96] = 30
    assert np.isfinite(niqe(image, made_parameters))


def test_colour_is_the_callers_business(made_parameters: NiqeParameters) -> None:
    with pytest.raises(ValueError, match="H x W"):
        niqe(np.zeros((200, 200, 3)), made_parameters)


def test_parameters(parameters_file: Path) -> None:
    parameters = load_niqe_parameters(parameters_file)
    assert parameters.mean.shape == (36,)
    assert parameters.covariance.shape == (36, 36)
    content = loadmat(parameters_file)
    np.testing.assert_array_equal(parameters.mean, content["mu_prisparam"].ravel())


def bad_parameter_files(folder: Path) -> dict[str, tuple[Path, str]]:
    good = {"mu_prisparam": np.zeros((1, 36)), "cov_prisparam": np.eye(36)}
    bad = {
        "another shape": (good | {"cov_prisparam": np.eye(35)}, r"cov_prisparam .*\(35, 35\)"),
        "missing": ({"mu_prisparam": np.zeros((1, 36))}, "is not in it"),
        "text": (good | {"mu_prisparam": "words"}, "mu_prisparam"),
        "not finite": (good | {"mu_prisparam": np.full((1, 36), np.nan)}, "not finite"),
    }
    files = {}
    for name, (content, message) in bad.items():
        savemat(folder / f"{name}.mat", content)
        files[name] = (folder / f"{name}.mat", message)
    savemat(folder / "truncated.mat", good)
    whole = (folder / "truncated.mat").read_bytes()
    (folder / "truncated.mat").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.mat").touch()
    (folder / "words.mat").write_text("not found: 404")
    unreadable = ("truncated", "empty", "words")
    files |= {name: (folder / f"{name}.mat", "not a readable MATLAB file") for name in unreadable}
    return files | {"absent": (folder / "absent.mat", "no such file")}


@pytest.mark.parametrize(
    "kind",
    ["another shape", "missing", "text", "not finite", "truncated", "empty", "words", "absent"],
)
def test_bad_parameter_files(kind: str, tmp_path: Path) -> None:
    path, message = bad_parameter_files(tmp_path)[kind]
    with pytest.raises(UserError, match=message) as caught:
        load_niqe_parameters(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def pyiqa_niqe(image: np.ndarray, parameters: NiqeParameters) -> float:
    torch = pytest.importorskip("torch")
    port = pytest.importorskip("pyiqa.archs.niqe_arch")
    tensors = [torch.from_numpy(array.astype(np.float64)) for array in (image, *vars(parameters).values())]
    return float(port.niqe(tensors[0][None, None], tensors[1][None], tensors[2][None]))


@pytest.mark.slow
@pytest.mark.parametrize("role", ["HR", "bicubic"])
def test_compatibility_on_bsd100(role: str, shared: Path, parameters: NiqeParameters) -> None:
    from srbench.images.resize import imresize

    paths = sorted((shared / "data" / "BSD100" / "image_SRF_4").glob("*_HR.png"))
    assert len(paths) == 100
    for path in paths:
        image = read_image(path if role == "HR" else path.with_name(path.name.replace("_HR", "_LR")))
        image = image if image.ndim == 2 else matlab_gray(image)
        image = image if role == "HR" else imresize(image, 4)
        value = niqe(image, parameters, compatibility="pyiqa")
        assert value == pytest.approx(pyiqa_niqe(image, parameters), rel=1e-6), path.name


# pyiqa 0.1.16 `niqe_arch.niqe` on the gray I04, float64 on CPU, torch 2.x with AVX2: one run.
PYIQA_I04 = 3.6549077174913216


def test_compatibility_on_one_image(shared: Path, parameters: NiqeParameters) -> None:
    value = niqe(calibration_image(shared, "I04"), parameters, compatibility="pyiqa")
    assert value == pytest.approx(PYIQA_I04, rel=1e-6)
