"""Ma's metric: features against pyiqa's port and against plain code, forests node by node, bad input."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from scipy.fft import dctn
from scipy.io import loadmat, savemat
from scipy.special import gamma

from srbench.core.records import Unscorable, UserError
from srbench.images.codec import read_image
from srbench.images.pixels import matlab_gray
from srbench.images.resize import imresize
from srbench.metrics.natural.ma import MaModel, load_ma_model, ma, ma_features, tree_values
from srbench.metrics.natural.ma.dct import dct_features
from srbench.metrics.natural.ma.normalise import normalised_bands
from srbench.metrics.natural.ma.pyramid import build_pyramid
from srbench.metrics.natural.ma.singular import singular_values
from srbench.metrics.natural.ma.structure import contrast_structure
from tests.metrics.natural.ma_model import LINEAR, typical_features, write_ma_model


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of realistic size: three forests of 2000 trees."""
    return write_ma_model(tmp_path_factory.mktemp("model") / "NRQM_model.mat")


@pytest.fixture(scope="module")
def model(model_file: Path) -> MaModel:
    return load_ma_model(model_file)


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> MaModel:
    return load_ma_model(write_ma_model(tmp_path_factory.mktemp("small") / "model.mat", trees=20, nodes=63))


def textured(height: int, width: int, seed: int = 1) -> np.ndarray:
    """Noise with a falling spectrum, as in photographs; uint8."""
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=(height, width)))
    y, x = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    image = np.fft.irfft2(noise / (np.hypot(x, y) + 0.01), s=(height, width))
    return np.clip(128 + 40 * image / image.std(), 0, 255).astype(np.uint8)


def walk(tables: dict[str, np.ndarray], tree: int, features: np.ndarray) -> float:
    """regRF_predict, one tree, one node at a time, straight from the file's tables."""
    node = 0
    while tables["lDau"][node, tree] > 0:
        feature = features[tables["mbest"][node, tree] - 1]
        side = "lDau" if feature <= tables["upper"][node, tree] else "rDau"
        node = tables[side][node, tree] - 1
    return float(tables["avnode"][node, tree])


def test_forests_equal_a_walk_node_by_node(model_file: Path, model: MaModel) -> None:
    cells = loadmat(model_file)["model"]["rf"][0, 0].ravel()
    random = np.random.default_rng(5)
    for forest, cell, typical in zip(model.forests, cells, typical_features(), strict=True):
        record = cell[0, 0]
        tables = {name: record[name] for name in ("lDau", "rDau", "upper", "avnode", "mbest")}
        for _ in range(2):
            features = typical * np.exp(random.normal(0, 0.4, typical.size))
            expected = [walk(tables, tree, features) for tree in range(2000)]
            assert tree_values(forest, features).tolist() == expected


def test_equal_thresholds_go_left() -> None:
    from srbench.metrics.natural.ma.forest import packed_forest

    table = {
        "lDau": [2, 0, 0],
        "rDau": [3, 0, 0],
        "upper": [0.5, 0, 0],
        "avnode": [0, 1, 9],
        "mbest": [1, 0, 0],
    }
    forest = packed_forest(*(np.array(column)[:, None] for column in table.values()), features=1)
    assert [tree_values(forest, np.array([x]))[0] for x in (0.4, 0.5, 0.5000001)] == [1, 1, 9]


def test_both_layouts(tmp_path: Path) -> None:
    row = load_ma_model(write_ma_model(tmp_path / "row.mat", "pyiqa", trees=20, nodes=63))
    column = load_ma_model(write_ma_model(tmp_path / "column.mat", "ma", trees=20, nodes=63))
    np.testing.assert_array_equal(row.linear, column.linear)
    for a, b in zip(row.forests, column.forests, strict=True):
        np.testing.assert_array_equal(a.nodes, b.nodes)
        np.testing.assert_array_equal(a.roots, b.roots)


def plain_dct_features(image: np.ndarray) -> list[float]:
    """Ma's `block_dct.m` block by block, as its text reads."""
    shapes, variations, orientations = [], [], []
    grid = 0.03 + 0.001 * np.arange(9971)
    ratios = gamma(1 / grid) * gamma(3 / grid) / gamma(2 / grid) ** 2
    first = np.zeros((7, 7), bool)
    for row, start in ((0, 1), (1, 2), (2, 4), (3, 5)):
        first[row, start:] = True
    second = ~(first | first.T)
    second[0, 0] = False
    height, width = (-(-side // 3) * 3 for side in image.shape)
    padded = np.zeros((height + 4, width + 4))
    padded[2 : 2 + image.shape[0], 2 : 2 + image.shape[1]] = image
    for i in range(0, height, 3):
        for j in range(0, width, 3):
            block = dctn(padded[i : i + 7, j : j + 7], norm="ortho")
            values = block.ravel()[1:]
            ratio = values.var(ddof=1) / (np.abs(values - values.mean()).mean() ** 2 + 1e-7)
            inside = np.flatnonzero((ratio <= ratios[:-1]) & (ratio > ratios[1:]))
            shapes.append(grid[inside[0]] if inside.size else 11)
            variations.append(np.abs(values).std(ddof=1) / (np.abs(values).mean() + 1e-7))
            parts = [np.abs(block[mask]) for mask in (first, second, first.T)]
            orientations.append(np.var([p.std(ddof=1) / (p.mean() + 1e-8) for p in parts], ddof=1))
    count = len(shapes)
    low, high = int(np.ceil(count * 0.1)), int(np.fix(count * 0.9)) - 1
    result = [np.mean(sorted(shapes)[:low]), np.mean(shapes)]
    for values in (variations, orientations):
        result += [np.mean(sorted(values)[high:]), np.mean(values)]
    return result


@pytest.mark.parametrize("shape", [(48, 51), (49, 52), (50, 53)])
def test_dct_features_follow_the_matlab_code(shape: tuple[int, int]) -> None:
    image = textured(*shape) / 255
    image[:12, :20] = 0.25
    np.testing.assert_allclose(dct_features(image, "official"), plain_dct_features(image), rtol=1e-9)


def joined_correlations(bands: np.ndarray) -> np.ndarray:
    """Sums of products of all pairs of bands with joined ends, displacement by displacement."""
    result = np.empty((len(bands), len(bands), 5, 5))
    for y in range(-2, 3):
        for x in range(-2, 3):
            displaced = np.roll(bands, (-y, -x), axis=(1, 2))
            result[:, :, 2 + y, 2 + x] = np.einsum("aij,bij->ab", bands, displaced)
    return result


@pytest.mark.parametrize("shape", [(60, 70), (61, 70), (60, 71), (45, 47)])
def test_correlations_come_from_the_spectrum(shape: tuple[int, int]) -> None:
    pyramid = build_pyramid(textured(*shape).astype(np.float64), "official")
    for bands, found in (
        (pyramid.fine, pyramid.fine_correlations),
        (pyramid.coarse, pyramid.coarse_correlations),
    ):
        expected = joined_correlations(bands)
        near, same = np.s_[:, :, 1:4, 1:4], np.arange(6)
        np.testing.assert_allclose(found[near], expected[near], rtol=0, atol=1e-12 * expected.max())
        np.testing.assert_allclose(found[same, same], expected[same, same], atol=1e-12 * expected.max())


@pytest.mark.parametrize("parent", [True, False])
def test_normalisation_follows_the_matlab_code(parent: bool) -> None:
    image = textured(60, 70).astype(np.float64)
    pyramid = build_pyramid(image, "official")
    bands, band = pyramid.fine, pyramid.fine[2]
    parents = build_pyramid(image[::-1], "official").fine
    above = parents[2]
    columns = [band[1 + y : 59 + y, 1 + x : 69 + x].ravel() for y in (-1, 0, 1) for x in (-1, 0, 1)]
    columns += [above[1:-1, 1:-1].ravel()] if parent else []
    columns += [bands[i][1:-1, 1:-1].ravel() for i in (0, 1, 3, 4, 5)]
    y = np.stack(columns, axis=1)
    moment = y.T @ y / len(y)
    z = np.sqrt(((y @ np.linalg.pinv(moment)) * y / (9 + parent)).sum(axis=1))
    centre = band[1:-1, 1:-1].ravel()
    expected = ((centre - centre.mean()) / z).reshape(58, 68)[16:-16, 16:-16]
    expected -= expected.mean()
    result = normalised_bands(bands, pyramid.fine_correlations, 16, parents if parent else None)[2]
    np.testing.assert_allclose(result, expected, rtol=1e-7, atol=1e-9)


def test_dependent_bands_use_the_pseudo_inverse() -> None:
    bands = build_pyramid(textured(60, 70).astype(np.float64), "official").fine
    bands[5] = bands[4]
    assert np.isfinite(normalised_bands(bands, joined_correlations(bands), 16)).all()


def test_contrast_structure_is_the_one_of_ssim() -> None:
    from scipy.ndimage import gaussian_filter

    first, second = textured(40, 50, 1).astype(np.float64), textured(40, 50, 2).astype(np.float64)

    def smooth(image: np.ndarray) -> np.ndarray:
        return gaussian_filter(image, 1.5, truncate=5 / 1.5)[5:-5, 5:-5]

    means = smooth(first), smooth(second)
    variances = smooth(first**2) - means[0] ** 2, smooth(second**2) - means[1] ** 2
    covariance = smooth(first * second) - means[0] * means[1]
    constant = (0.03 * 255) ** 2
    expected = (2 * covariance + constant) / (variances[0] + variances[1] + constant)
    bands, pairs = np.stack([first, second]), np.array([(0, 1), (1, 1)])
    for clamp, mean in ((False, expected.mean()), (True, np.maximum(expected, 0).mean())):
        assert contrast_structure(bands, pairs, clamp=clamp) == pytest.approx([mean, 1], rel=1e-10)


def test_contrast_structure_in_strips_and_blocks_is_that_of_the_whole() -> None:
    bands, pairs = (
        np.stack([textured(40, 600, seed) for seed in (1, 2)]).astype(np.float64),
        np.array([(0, 1)]),
    )
    whole = contrast_structure(bands, pairs, clamp=False)[0] * 30 * 590
    # Positions: 590 in a row; the two halves share none.
    halves = [contrast_structure(np.ascontiguousarray(bands[:, :, part]), pairs, clamp=False)[0] * 30 * 295
              for part in (np.s_[:305], np.s_[295:])]  # fmt: skip
    assert sum(halves) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("shape", [(40, 50), (41, 52), (12, 13)])
def test_singular_values(shape: tuple[int, int]) -> None:
    image = textured(*shape) / 255
    padded = np.pad(image, [(0, -side % 5) for side in shape])
    patches = [
        padded[i : i + 5, j : j + 5].ravel() for i in range(0, shape[0], 5) for j in range(0, shape[1], 5)
    ]
    expected = np.zeros(25)
    values = np.linalg.svd(np.array(patches), compute_uv=False)
    expected[: values.size] = values
    np.testing.assert_allclose(singular_values(image), expected, rtol=1e-9, atol=1e-12)


def test_pyramid_bands_have_no_mean_and_the_known_sizes() -> None:
    pyramid = build_pyramid(textured(61, 90).astype(np.float64), "official")
    assert pyramid.fine.shape == (6, 61, 90)
    assert pyramid.coarse.shape == (6, 31, 45)
    assert np.abs(pyramid.fine.mean(axis=(1, 2))).max() < 1e-10


def test_a_horizontal_wave_is_in_the_first_orientation() -> None:
    wave = np.tile(np.cos(2 * np.pi * np.arange(96) * 30 / 96), (96, 1))
    energies = (build_pyramid(wave, "official").fine ** 2).sum(axis=(1, 2))
    assert energies.argmax() == 0


def test_same_value_alone_among_threads_and_again(small_model: MaModel) -> None:
    images = [textured(80, 90, seed) for seed in range(4)]
    alone = [ma(image, small_model) for image in images]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda image: ma(image, small_model), images))
    np.testing.assert_allclose(together, alone, rtol=1e-9)
    assert [ma(image, small_model) for image in images] == alone


def test_numbers_of_features_and_the_combination(model: MaModel) -> None:
    image = textured(80, 90)
    groups = ma_features(image)
    assert [group.size for group in groups] == [18, 45, 75]
    means = [tree_values(forest, group).mean() for forest, group in zip(model.forests, groups, strict=True)]
    assert ma(image, model) == pytest.approx(float(np.array([1, *means]) @ LINEAR[:, 0]), rel=1e-12)


@pytest.mark.parametrize("shape", [(45, 45), (45, 300), (47, 46), (61, 59)])
@pytest.mark.parametrize("compatibility", ["ma", "pyiqa"])
def test_small_and_odd_sizes(
    shape: tuple[int, int], compatibility: Literal["ma", "pyiqa"], small_model: MaModel
) -> None:
    assert np.isfinite(ma(textured(*shape), small_model, compatibility=compatibility))


def test_partly_flat_image(small_model: MaModel) -> None:
    image = textured(90, 100)
    image[:50, :60] = 200
    assert np.isfinite(ma(image, small_model))


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (textured(44, 200), "at least 45 pixels"),
        (np.full((100, 100), 3, np.uint8), "constant"),
        (np.where(np.arange(100)[:, None] == 3, np.inf, np.ones((100, 100))), "not finite"),
    ],
)
def test_unscorable(image: np.ndarray, reason: str, small_model: MaModel) -> None:
    with pytest.raises(Unscorable, match=reason):
        ma(image, small_model)


def test_colour_is_the_callers_business(small_model: MaModel) -> None:
    with pytest.raises(ValueError, match="H x W"):
        ma(np.zeros((100, 100, 3)), small_model)


def damaged(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.mat"
    if kind == "truncated":
        whole = write_ma_model(path, trees=5, nodes=31).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        return path
    if kind == "niqe":
        savemat(path, {"mu_prisparam": np.zeros((1, 36))})
        return path
    if kind == "absent":
        return path
    content: dict[str, Any] = loadmat(write_ma_model(path, trees=5, nodes=31))
    record = content["model"]["rf"][0, 0][0, 0][0, 0]
    field, value = {"cycle": ("lDau", 1), "feature": ("mbest", 99), "infinite": ("upper", np.inf)}[kind]
    record[field][0, 0] = value
    savemat(path, {"model": content["model"]})
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("truncated", "not a readable MATLAB file"),
        ("niqe", "not Ma's model"),
        ("absent", "no such file"),
        ("cycle", "child before its parent"),
        ("feature", "not among the 18"),
        ("infinite", "not finite"),
    ],
)
def test_bad_model_files(kind: str, message: str, tmp_path: Path) -> None:
    path = damaged(tmp_path, kind)
    with pytest.raises(UserError, match=message) as caught:
        load_ma_model(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def pyiqa_features(image: np.ndarray) -> list[np.ndarray]:
    torch = pytest.importorskip("torch")
    port = pytest.importorskip("pyiqa.archs.nrqm_arch")
    tensor = torch.from_numpy(image.astype(np.float64))[None, None]
    scales = port.get_gauss_pyramid(tensor / 255)
    columns = [port.im2col(scale, 5, "distinct") for scale in scales]
    groups = (
        torch.cat([port.block_dct(scale) for scale in scales], dim=1),
        port.global_gsm(tensor),
        torch.cat([torch.linalg.svd(column, full_matrices=False)[1] for column in columns], dim=1),
    )
    return [group[0].numpy() for group in groups]


def assert_features_equal_pyiqas(image: np.ndarray) -> None:
    ours = ma_features(image, compatibility="pyiqa")
    for mine, theirs in zip(ours, pyiqa_features(image), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-12)


def bsd100_image(shared: Path, number: int, role: str) -> np.ndarray:
    path = shared / "data" / "BSD100" / "image_SRF_4" / f"img_{number:03d}_SRF_4_{role}.png"
    image = read_image(path)
    return image if image.ndim == 2 else matlab_gray(image)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 101))
def test_features_equal_pyiqas_on_references(number: int, shared: Path) -> None:
    assert_features_equal_pyiqas(bsd100_image(shared, number, "HR"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 3, 18, 41, 59, 88])
def test_features_equal_pyiqas_on_odd_sizes(number: int, shared: Path) -> None:
    assert_features_equal_pyiqas(bsd100_image(shared, number, "HR")[:-3, :-1])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 101))
def test_features_equal_pyiqas_on_bicubic_images(number: int, shared: Path) -> None:
    assert_features_equal_pyiqas(imresize(bsd100_image(shared, number, "LR"), 4))


@pytest.mark.slow
def test_score_equals_pyiqas(shared: Path, model_file: Path, model: MaModel) -> None:
    torch = pytest.importorskip("torch")
    port = pytest.importorskip("pyiqa.archs.nrqm_arch")
    image = textured(120, 150)
    theirs = port.NRQM(pretrained_model_path=str(model_file))
    expected = float(theirs(torch.from_numpy(image.astype(np.float64))[None, None]))
    assert ma(image, model, compatibility="pyiqa") == pytest.approx(expected, rel=1e-6)
