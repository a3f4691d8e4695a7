"""Images of 16 bits: decoded whole, measured in 16 bits against scikit-image, and never cut silently."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from srbench.core.files import file_hash
from srbench.core.records import Unscorable
from srbench.images.codec import STEP, read_image, read_sixteen, read_to_show, write_in_bits
from srbench.images.pixels import border_width, luma
from srbench.metrics.catalogue import METRICS
from srbench.metrics.contract import View
from srbench.protocols import PROTOCOLS, Protocol
from tests.helpers import command, picture, rows, save, write_sixteen


def _made(seed: int, *, gray: bool = False, size: tuple[int, int] = (40, 46)) -> np.ndarray:
    shape = size if gray else (*size, 3)
    return np.random.default_rng(seed).integers(0, 65536, shape).astype(np.uint16)


def _near(image: np.ndarray, seed: int, by: float = 900.0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, by, image.shape)
    return np.clip(np.rint(image + noise), 0, 65535).astype(np.uint16)


def _score(metric: str, output: np.ndarray, reference: np.ndarray, protocol: Protocol) -> float:
    gray = reference.ndim == 2
    views = View(output, protocol, 4, gray_reference=gray), View(reference, protocol, 4)
    return METRICS.get(metric).score(*views)


@pytest.mark.parametrize("gray", [False, True])
def test_a_16_bit_file_is_read_whole_and_refused_in_8_bits(tmp_path: Path, gray: bool):
    if not gray:
        pytest.importorskip("cv2")
    image = _made(1, gray=gray)
    path = write_sixteen(tmp_path / "image.png", image)
    found = read_sixteen(path)
    assert found.dtype == np.uint16
    assert np.array_equal(found, image)
    with pytest.raises(Unscorable, match=r"more than 8 bits .*--bits 16"):
        read_image(path)


def test_a_16_bit_tiff_is_read_whole(tmp_path: Path):
    pytest.importorskip("cv2")
    tifffile = pytest.importorskip("tifffile")
    image = _made(2)
    tifffile.imwrite(tmp_path / "image.tif", image, photometric="rgb")
    assert np.array_equal(read_sixteen(tmp_path / "image.tif"), image)


def test_gray_with_full_opacity_is_gray(tmp_path: Path):
    pytest.importorskip("cv2")
    image = _made(2, gray=True)
    opaque = np.dstack([image, np.full_like(image, 65535)])
    assert np.array_equal(read_sixteen(write_sixteen(tmp_path / "image.png", opaque)), image)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "options", "reason"),
    [
        ("RGB", {"planarconfig": "separate"}, "separate planes"),
        ("gray", {"photometric": "miniswhite"}, "0 is white|not an image that can be read"),
        ("gray", {"dtype": np.int16}, "unsigned"),
        ("gray", {"dtype": np.float32}, "unsigned"),
        ("gray", {"dtype": np.uint32}, "unsigned|not an image that can be read"),
    ],
)
def test_a_tiff_whose_numbers_would_be_read_wrongly_is_refused(
    tmp_path: Path, order: str, kind: str, options: dict[str, Any], reason: str
):
    tifffile = pytest.importorskip("tifffile")
    image = _made(2, gray=kind == "gray") // 2
    chosen = {"photometric": "rgb" if kind == "RGB" else "minisblack", "byteorder": order, **options}
    pixels = image.astype(chosen.pop("dtype", np.uint16))
    pixels = np.moveaxis(pixels, -1, 0) if "planarconfig" in options else pixels
    tifffile.imwrite(tmp_path / "image.tif", pixels, **chosen)
    with pytest.raises(Unscorable, match=reason):
        read_sixteen(tmp_path / "image.tif")
    with pytest.raises(Unscorable, match=r"more than 8 bits|not an image that can be read"):
        read_image(tmp_path / "image.tif")


def test_12_bits_do_not_count_as_16(tmp_path: Path):
    # Two pixels of 12 bits in three bytes, as TIFF 6.0 packs them.
    tags = [(256, 2), (257, 1), (258, 12), (259, 1), (262, 1), (273, 110), (277, 1), (278, 1)]
    entries = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0)
    path = tmp_path / "image.tif"
    path.write_bytes(head + bytes([0xFF, 0xF0, 0x01]))
    assert len(head) == 110
    with pytest.raises(Unscorable, match="only unsigned 16-bit"):
        read_sixteen(path)


def test_signed_bytes_are_not_read_as_unsigned(tmp_path: Path):
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(tmp_path / "image.tif", np.full((8, 8), -3, np.int8), photometric="minisblack")
    for read in (read_image, read_sixteen):
        with pytest.raises(Unscorable, match="signed"):
            read(tmp_path / "image.tif")


def test_a_16_bit_gray_value_said_to_be_transparent_is_refused(tmp_path: Path):
    image = _made(2, gray=True, size=(8, 9))
    path = write_sixteen(tmp_path / "image.png", image)
    data = path.read_bytes()
    name_and_data = b"tRNS" + struct.pack(">H", int(image[0, 0]))
    chunk = struct.pack(">I", 2) + name_and_data + struct.pack(">I", zlib.crc32(name_and_data))
    path.write_bytes(data[:33] + chunk + data[33:])
    with pytest.raises(Unscorable, match="transparent"):
        read_sixteen(path)


def test_an_8_bit_file_counts_as_257_times_as_much(tmp_path: Path):
    image = picture(20, 24)
    path = save(tmp_path / "image.png", image)
    assert np.array_equal(read_sixteen(path), image.astype(np.uint16) * 257)


@pytest.mark.parametrize("fault", ["cut", "transparent", "text"])
def test_what_cannot_be_read_has_a_reason(tmp_path: Path, fault: str):
    path = write_sixteen(tmp_path / "image.png", _made(3))
    if fault == "cut":
        path.write_bytes(path.read_bytes()[:-2000])
    elif fault == "transparent":
        pytest.importorskip("cv2")
        write_sixteen(path, _made(3, size=(8, 9))[..., [0, 1, 2, 0]])
    else:
        path.write_text("no image")
    with pytest.raises(Unscorable, match=r"image\.png"):
        read_sixteen(path)


@pytest.mark.parametrize("name", ["srbench", "basicsr", "ntire", "restoration", "niqe-release"])
def test_rgb_is_what_scikit_image_measures_of_65535(name: str):
    protocol = PROTOCOLS.get(name).in_bits(16)
    reference = _made(4)
    output = _near(reference, 5)
    border = border_width(protocol.border, 4)
    inside = [image[border : 40 - border, border : 46 - border] for image in (reference, output)]
    psnr = peak_signal_noise_ratio(*inside, data_range=65535)
    assert _score("psnr_rgb", output, reference, protocol) == pytest.approx(psnr, rel=1e-12)
    wang = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    windows = structural_similarity(*inside, data_range=65535, channel_axis=2, full=True, **wang)[1]
    ssim = windows[5:-5, 5:-5].mean()
    assert _score("ssim_rgb", output, reference, protocol) == pytest.approx(ssim, rel=1e-9)


@pytest.mark.parametrize("rounded", [False, True])
def test_luma_is_matlabs_of_uint16(rounded: bool):
    image = _made(6)
    found = luma(image, "bt601-rounded" if rounded else "bt601", gray="full-range")
    red, green, blue = (image[..., channel].astype(object) for channel in range(3))
    # rgb2ycbcr of a uint16 image is between 4112 and 60395: exact whole numbers, rounded half up.
    numerator = 65481 * red + 128553 * green + 24966 * blue + 4112 * 255_000
    wanted = (2 * numerator + 255_000) // 510_000 if rounded else numerator / 255_000
    np.testing.assert_allclose(found * 257, wanted.astype(np.float64), rtol=1e-14 if rounded else 1e-12)
    assert found.min() >= 16
    assert found.max() <= 235


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["psnr_y", "ssim_y", "rmse_y", "psnr_rgb", "ssim_rgb"]))
def test_257_times_8_bits_has_exactly_the_8_bit_score_where_nothing_is_rounded(seed: int, metric: str):
    reference, output = picture(30, 34, seed=seed), picture(30, 34, seed=seed + 1)
    protocol = PROTOCOLS.get("basicsr")  # unrounded Y
    eight = _score(metric, output, reference, protocol)
    sixteen = [image.astype(np.uint16) * STEP for image in (output, reference)]
    assert _score(metric, *sixteen, protocol.in_bits(16)) == eight
    # An 8-bit file beside a 16-bit one is the same image.
    assert _score(metric, sixteen[0], reference, protocol.in_bits(16)) == eight


def test_rounded_luma_is_rounded_to_16_bits():
    reference, output = picture(30, 34, seed=1), picture(30, 34, seed=2)
    values = {
        bits: _score("psnr_y", output, reference, PROTOCOLS.get("srbench").in_bits(bits)) for bits in (8, 16)
    }
    free = _score("psnr_y", output, reference, PROTOCOLS.get("lapsrn"))
    assert values[16] != values[8]
    unrounded = 10 * np.log10(
        255**2
        / np.mean(
            [
                (a - b) ** 2
                for a, b in zip(
                    *(
                        luma(image[4:-4, 4:-4], "bt601", gray="replicate").ravel()
                        for image in (output, reference)
                    ),
                    strict=True,
                )
            ]
        )
    )
    assert values[16] == pytest.approx(unrounded, abs=2e-3)
    assert free == pytest.approx(unrounded, abs=1e-9)  # the same border of 4 at scale 4


@pytest.mark.parametrize("metric", ["ssim_daala", "niqe", "ma", "pi"])
def test_metrics_of_8_bits_say_so(metric: str):
    image = _made(7)
    with pytest.raises(Unscorable, match="8-bit images"):
        _score(metric, image, image, PROTOCOLS.get("srbench").in_bits(16))
    with pytest.raises(Unscorable, match="8-bit images"):
        _score("psnr_y", image, image, PROTOCOLS.get("srgan").in_bits(16))


def test_score_measures_files_in_16_bits_on_request(tmp_path: Path):
    pytest.importorskip("cv2")
    for folder in ("out", "ref"):
        (tmp_path / folder).mkdir()
    reference = _made(8)
    output = _near(reference, 9, by=60.0)  # below a step of 8 bits
    write_sixteen(tmp_path / "ref" / "a.png", reference)
    write_sixteen(tmp_path / "out" / "a.png", output)
    save(tmp_path / "ref" / "b.png", picture(40, 46, seed=1))
    save(tmp_path / "out" / "b.png", picture(40, 46, seed=1))
    asked = ["score", tmp_path / "out", "--reference", tmp_path / "ref", "--csv", tmp_path / "s.csv"]
    asked += ["--protocol", "restoration", "--metrics", "psnr_rgb,ssim_daala"]
    assert command(*asked, "--bits", "16").code == 0
    found = {(row["image"], row["metric"]): row for row in rows(tmp_path / "s.csv")}
    wanted = peak_signal_noise_ratio(reference, output, data_range=65535)
    assert float(found["a", "psnr_rgb"]["value"]) == pytest.approx(wanted, rel=1e-12)
    assert found["b", "psnr_rgb"]["value"] == "inf"
    assert "8-bit images" in found["a", "ssim_daala"]["status"]
    assert command(*asked).code == 0
    eight = {(row["image"], row["metric"]): row for row in rows(tmp_path / "s.csv")}
    assert "more than 8 bits" in eight["a", "psnr_rgb"]["status"]
    assert eight["a", "psnr_rgb"]["value"] == ""


def test_a_protocol_file_can_ask_for_16_bits(tmp_path: Path):
    (tmp_path / "deep.toml").write_text('like = "basicsr"\nbits = 16\n')
    for name in ("a", "b"):
        write_sixteen(tmp_path / f"{name}.png", _made(3, gray=True))
    protocol = ("--protocol", tmp_path / "deep.toml")
    scored = command("score", tmp_path / "a.png", "--reference", tmp_path / "b.png", *protocol)
    assert scored.code == 0, scored.err
    (tmp_path / "deep.toml").write_text('like = "basicsr"\nbits = 12\n')
    wrong = command("score", tmp_path / "a.png", "--reference", tmp_path / "b.png", *protocol)
    assert (wrong.code, "8 or 16" in wrong.message) == (2, True)


@pytest.mark.parametrize("gray", [False, True])
def test_what_is_written_in_16_bits_is_read_back(tmp_path: Path, gray: bool):
    pytest.importorskip("cv2")
    image = _made(3, gray=gray)
    assert write_in_bits(tmp_path / "a.png", image) == file_hash(tmp_path / "a.png")
    assert np.array_equal(read_sixteen(tmp_path / "a.png"), image)  # gray by PIL, colour by two decoders
    eight = picture(20, 24)
    assert write_in_bits(tmp_path / "b.png", eight) == file_hash(tmp_path / "b.png")
    assert np.array_equal(read_image(tmp_path / "b.png"), eight)


def test_what_people_look_at_is_rounded_to_8_bits(tmp_path: Path):
    image = np.array([[0, 128, 129, 65535, 65407, 65406]], np.uint16)
    path = write_sixteen(tmp_path / "a.png", image)
    assert read_to_show(path).tolist() == [[0, 0, 1, 255, 255, 254]]


def test_the_numbers_of_8_bits_keep_their_keys():
    assert "bits" not in PROTOCOLS.get("srbench").as_dict()
    assert PROTOCOLS.get("srbench").hash != PROTOCOLS.get("srbench").in_bits(16).hash
