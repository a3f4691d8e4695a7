"""Methods made of others: end points, means, back-projection, names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from srbench.core.records import Unscorable, UsageError
from srbench.core.weights import Tensors, pull
from srbench.images.resize import imresize, imresize_double
from srbench.methods.catalogue import METHODS, resolve
from srbench.methods.combinations import PARTNERS
from srbench.methods.contract import Method, Runtime
from srbench.methods.files.blend import interpolate
from srbench.methods.networks.method import NetworkMethod
from srbench.protocols import PROTOCOLS
from srbench.train.recipes import RECIPES
from tests.helpers import save
from tests.methods.models import CPU, picture, random_network, sample


def put_weights(name: str, *, seed: int) -> Tensors:
    """Random weights of a method in the cache, where `srbench methods pull` would put them."""
    from safetensors.numpy import save_file

    method = METHODS.get(name)
    assert isinstance(method, NetworkMethod)
    assert method.scales is not None
    module = random_network(method.network(method.scales[0]), seed=seed)
    tensors = {key: tensor.numpy() for key, tensor in module.state_dict().items()}
    path = method.weights[0].destination
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    return tensors


def run(name: str, image: np.ndarray, runtime: Runtime = CPU) -> np.ndarray:
    return np.asarray(resolve(name).open(runtime)(sample(image, 4)))


def test_network_interpolation_ends_bit_for_bit() -> None:
    random = np.random.default_rng(1)
    first = {"a": random.normal(size=(3, 4)).astype(np.float32), "n": np.array(3)}
    second = {"a": random.normal(size=(3, 4)).astype(np.float32), "n": np.array(5)}
    first["a"][0] = -0.0
    second["a"][1] = np.inf
    for alpha, end in ((0.0, first), (1.0, second)):
        for name, tensor in interpolate(first, second, alpha).items():
            assert tensor.tobytes() == end[name].tobytes()
    middle = interpolate(first, second, 0.25)["a"]
    np.testing.assert_allclose(middle[2], 0.75 * first["a"][2] + 0.25 * second["a"][2], rtol=1e-6)


def test_network_interpolation_names_what_differs() -> None:
    with pytest.raises(UsageError, match=r"tensor b is \(2,\) in one, \(3,\)"):
        interpolate({"b": np.zeros(2)}, {"b": np.zeros(3)}, 0.5)
    with pytest.raises(UsageError, match="tensor c is None in one"):
        interpolate({}, {"c": np.zeros(3)}, 0.5)


def test_interpolated_network_as_a_method() -> None:
    put_weights("msrresnet", seed=1)
    put_weights("srgan-mmagic", seed=2)
    image = picture(6, 5)
    np.testing.assert_array_equal(run("srgan-mmagic@0", image), run("msrresnet", image))
    np.testing.assert_array_equal(run("srgan-mmagic@1.0", image), run("srgan-mmagic", image))
    middle = run("srgan-mmagic@0.5", image)
    assert (middle != run("msrresnet", image)).any()
    method = resolve("srgan-mmagic@0.8")
    assert method.name == "srgan-mmagic@0.8"
    assert {file.name for file in method.weights} == {"msrresnet", "srgan-mmagic"}
    assert method.refuses(2) is not None


def test_interpolated_method_says_which_part_is_missing() -> None:
    reason = resolve("esrgan@0.8").unavailable()
    assert reason is not None
    assert "rrdb-psnr" in reason


@pytest.mark.parametrize("name", ["esrgan@1.5", "esrgan@", "esrgan@high", "mix:bicubic@0.5", "mix:bicubic"])
def test_wrong_alpha_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match=name.replace("@", ".")[:6]):
        resolve(name)


def test_network_without_partner_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="bicubic has no PSNR-trained partner"):
        resolve("bicubic@0.5")


@pytest.mark.parametrize(
    "name", ["espcn@0.5", "nonsense", "nonsense+x8", "nonsense@0.5", "mix:bicubic,nonsense@0"]
)
def test_unknown_names_stay_unknown(name: str) -> None:
    with pytest.raises(UsageError):
        resolve(name)


def test_image_interpolation() -> None:
    image = picture(7, 6)
    one, other = imresize(image, 4), imresize(image, 4, kernel="lanczos3")
    np.testing.assert_array_equal(run("mix:bicubic,lanczos@0", image), one)
    np.testing.assert_array_equal(run("mix:bicubic,lanczos@1", image), other)
    expected = np.floor(0.75 * one + 0.25 * other + 0.5)
    np.testing.assert_array_equal(run("mix:bicubic,lanczos@0.25", image), expected)


def test_image_interpolation_of_gray_and_colour() -> None:
    put_weights("msrresnet", seed=3)
    image = picture(5, 4, gray=True)
    assert run("mix:bicubic,msrresnet@0.5", image).shape == (20, 16, 3)
    assert run("mix:bicubic,lanczos@0.5", image).shape == (20, 16)


def test_self_ensemble_of_a_symmetric_method_is_the_method() -> None:
    image = picture(7, 5)
    np.testing.assert_array_equal(run("nearest+x8", image), run("nearest", image))


def test_self_ensemble_is_the_mean_over_flips_and_turns() -> None:
    put_weights("espcn", seed=4)
    image = picture(6, 6, gray=True)
    upscale = METHODS.get("espcn").open(CPU)
    total = np.zeros((24, 24))
    for turn in range(4):
        for mirror in (False, True):
            seen = np.rot90(image[:, ::-1] if mirror else image, turn)
            result = np.rot90(upscale.levels(sample(np.ascontiguousarray(seen), 4)), -turn)  # type: ignore[attr-defined]
            total += result[:, ::-1] if mirror else result
    np.testing.assert_array_equal(run("espcn+x8", image), np.clip(np.floor(total / 8 + 0.5), 0, 255))


def test_back_projection_agrees_with_the_input() -> None:
    image = picture(12, 10)
    before, after = (run(name, image).astype(float) for name in ("nearest", "nearest+bp"))
    errors = [np.abs(imresize_double(result, 1 / 4) - image).mean() for result in (before, after)]
    assert errors[1] < 0.2 * errors[0]
    assert errors[1] < 0.6


def test_suffixes_can_be_stacked() -> None:
    method = resolve("mix:bicubic,lanczos@0.5+bp+x8")
    assert method.name == "mix:bicubic,lanczos@0.5+bp+x8"
    assert method.open(CPU)(sample(picture(5, 4), 4)).shape == (20, 16, 3)


def test_a_combination_changes_with_its_parts() -> None:
    pair = sample(picture(3, 3), 4).pair
    fingerprints = set()
    for name in ("bicubic+x8", "lanczos+x8", "mix:bicubic,lanczos@0.5"):
        method: Method = resolve(name)
        assert method.fingerprint is not None
        fingerprints.add(method.fingerprint(pair))
    assert len(fingerprints) == 3


def test_files_with_options_are_parts_too(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    put_weights("espcn", seed=1)
    path.write_bytes(METHODS.get("espcn").weights[0].destination.read_bytes())
    image = picture(6, 5)
    np.testing.assert_array_equal(run(f"{path}:scale=4,range=1+x8", image), run("espcn+x8", image))
    np.testing.assert_array_equal(
        run(f"mix:{path}:scale=4,range=1,bicubic@0.5", image), run("mix:espcn,bicubic@0.5", image)
    )


def test_result_images_can_be_projected_back_but_not_turned(tmp_path: Path) -> None:
    image = picture(12, 10)
    save(tmp_path / "made" / "image.png", imresize(image, 4))
    name = f"outputs:{tmp_path / 'made'}"
    np.testing.assert_array_equal(run(f"{name}+bp", image), run("bicubic+bp", image))
    for turned in (f"{name}+x8", f"mix:{name},bicubic@0.5+x8"):
        with pytest.raises(UsageError, match="result images have none"):
            resolve(turned)


def test_networks_of_different_origin_have_no_alpha_between_them() -> None:
    with pytest.raises(UsageError, match="enet-pat has no PSNR-trained partner"):
        resolve("enet-pat@0.5")


def test_partners_are_what_the_recipes_start_from() -> None:
    for name, partner in PARTNERS.items():
        recipe = name.removesuffix("-random")
        if recipe in RECIPES:
            assert RECIPES.get(recipe).start_from == partner


def test_a_combination_takes_the_input_of_its_parts() -> None:
    protocol = PROTOCOLS.get("enhancenet")
    for name, kind in (
        ("enet-pat", "pil-lanczos"),
        ("mix:enet-pat,enet-e@0", "pil-lanczos"),
        ("enet-pat+x8", "pil-lanczos"),
        ("bicubic+bp", "matlab-bicubic"),
    ):
        assert protocol.degradation_for(resolve(name).inputs) == kind
    with pytest.raises(Unscorable, match="take different inputs"):
        protocol.degradation_for(resolve("mix:enet-pat,bicubic@0.5").inputs)


def test_a_file_takes_the_usual_input_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "enet-mine.safetensors").write_bytes(b"")
    method = resolve(str(tmp_path / "enet-mine.safetensors"))
    assert PROTOCOLS.get("enhancenet").degradation_for(method.inputs) == "matlab-bicubic"


def test_what_a_plug_in_was_trained_on_decides_its_input_not_its_name() -> None:
    protocol = PROTOCOLS.get("enhancenet")
    box = METHODS.get("nearest")
    for name in ("enet-mine", "my-enet"):
        plain = replace(box, name=name)
        assert protocol.degradation_for(plain.inputs) == "matlab-bicubic"
        assert protocol.degradation_for(replace(plain, trained_on="pil-lanczos").inputs) == "pil-lanczos"


def test_whose_work_a_method_is() -> None:
    origins = {
        "hr": "reference",
        "bicubic": "interpolation",
        "enet-pat": "authors' weights",
        "vdsr": "authors' weights",
        "vdsr-twtygqyy": "a third party's weights",
        "enet-e": "trained with srbench",
        "mix:enet-pat,enet-e@0.5": "authors' weights and trained with srbench",
    }
    assert {name: resolve(name).origin for name in origins} == origins


def test_shipped_and_trained_models_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.numpy import save_file

    from srbench.methods import trained

    method = METHODS.get("espcn")
    assert isinstance(method, NetworkMethod)
    folder = tmp_path / "shipped"
    monkeypatch.setattr(trained, "model_folders", lambda: (tmp_path / "none", folder))
    assert method.unavailable() is not None
    assert "srbench train espcn" in str(method.unavailable())
    tensors = {key: value.numpy() for key, value in random_network(method.network(4)).state_dict().items()}
    (folder / "espcn").mkdir(parents=True)
    save_file(tensors, folder / "espcn" / "weights.safetensors")
    assert method.unavailable() is None
    assert "not the authors' weights" in method.remark
    assert method.open(CPU)(sample(picture(4, 4), 4)).shape == (16, 16, 3)
    shipped = (folder / "espcn" / "weights.safetensors").read_bytes()
    save_file({key: 2 * tensor for key, tensor in tensors.items()}, tmp_path / "own.safetensors")
    pull(method.weights[0], tmp_path / "own.safetensors")
    assert method.weight_path() == method.weights[0].destination
    assert method.remark == ""
    assert (folder / "espcn" / "weights.safetensors").read_bytes() == shipped
