"""The feature network and what the objective makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from srbench.core.records import UsageError, UserError
from srbench.train import losses
from srbench.train.networks import specification
from srbench.train.objective import Objective, frozen
from srbench.train.perception import LAYERS, open_features, stride
from tests.train.small import small

_FIRST_WEIGHT = (
    -0.08609067648649216
)  # of the random network: a change would make other models of the same name


def test_layer_names_are_those_of_torchvisions_vgg_19() -> None:
    known = {
        "conv1_1": 0,
        "relu2_2": 8,
        "pool2": 9,
        "relu3_4": 17,
        "relu4_4": 26,
        "conv5_4": 34,
        "relu5_4": 35,
    }
    assert {name: LAYERS[name] for name in known} == known
    assert LAYERS["pool5"] == 36 == max(LAYERS.values())
    assert [stride(name) for name in ("relu1_1", "pool1", "relu3_4", "conv5_4", "pool5")] == [1, 2, 4, 16, 32]


def test_random_features_are_the_same_everywhere_and_leave_the_seed_alone() -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first, second = (open_features(small("esrgan")) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert first is not None
    assert second is not None
    x = torch.rand(1, 3, 16, 16)
    assert torch.equal(first(x)["conv5_4"], second(x)["conv5_4"])
    assert float(first.layers[0].weight.flatten()[0]) == pytest.approx(_FIRST_WEIGHT, abs=1e-7)


def test_features_before_the_activation_are_not_overwritten_by_it() -> None:
    recipe = small("esrgan")
    features = open_features(recipe)
    assert features is not None
    assert (features(torch.rand(1, 3, 16, 16))["conv5_4"] < 0).any()


def test_a_file_of_weights_takes_the_place_of_imagenets(tmp_path: Path) -> None:
    features = open_features(small("esrgan"))
    assert features is not None
    state = {
        f"features.{place}.{part}": getattr(layer, part) + (0.5 if part == "bias" else 0)
        for place, layer in enumerate(features.layers)
        if isinstance(layer, torch.nn.Conv2d)
        for part in ("weight", "bias")
    }
    torch.save(state, tmp_path / "minc.pth")
    from_file = open_features(small("esrgan", feature_network=str(tmp_path / "minc.pth")))
    assert from_file is not None
    x = torch.rand(1, 3, 16, 16)
    assert not torch.equal(from_file(x)["conv5_4"], features(x)["conv5_4"])
    state.pop("features.0.bias")
    torch.save(state, tmp_path / "minc.pth")
    with pytest.raises(UserError, match="does not hold the weights of VGG-19"):
        open_features(small("esrgan", feature_network=str(tmp_path / "minc.pth")))


def test_an_unknown_layer_is_a_mistake_of_usage() -> None:
    from srbench.train.perception import FeatureNetwork

    with pytest.raises(UsageError, match="no layer 'conv6_1'"):
        FeatureNetwork(torch.nn.Sequential(), ["conv6_1"], standardise=True)


def test_the_objective_adds_up_the_weighted_terms() -> None:
    recipe = small("srgan-vgg22")
    features = open_features(recipe)
    assert features is not None
    objective = Objective(recipe, specification(recipe), features)
    output, target = torch.rand(2, 3, 16, 16) * 2 - 1, torch.rand(2, 3, 16, 16) * 2 - 1
    judge = lambda images: images.mean(dim=(1, 2, 3))[:, None]  # noqa: E731
    terms = objective.generator(output, target, judge=judge)
    seen = [features(x / 2 + 0.5)["relu2_2"] for x in (output, target)]
    assert terms["features"] == pytest.approx(float(0.00615 * losses.mean_squared_error(*seen)), rel=1e-5)
    assert terms["adversarial"] == pytest.approx(1e-3 * float(losses.adversarial_generator(judge(output))))
    assert terms["total-variation"] == pytest.approx(2e-8 * float(losses.total_variation(output)))


def test_the_masked_gram_loss_is_equation_4() -> None:
    """For each image: the sum over regions and layers of equation 1 between images masked by the region."""
    recipe = small("tsrn-s")
    features = open_features(recipe)
    assert features is not None
    random = torch.Generator().manual_seed(0)
    output, target = (torch.rand(2, 3, 16, 16, generator=random) for _ in range(2))
    numbers = torch.randint(0, 3, (2, 16, 16), generator=random)
    masks = torch.stack([numbers == region for region in range(3)], dim=1)
    found = Objective(recipe, specification(recipe), features).generator(output, target, masks=masks)

    def gram(images: torch.Tensor, layer: str) -> tuple[torch.Tensor, int, int]:
        maps = features(images)[layer].double().flatten(2)[0]  # type: ignore[misc]
        return maps @ maps.T, maps.shape[0], maps.shape[1]

    expected = 0.0
    for image in range(2):
        for mask in masks[image].float():
            for layer in recipe.terms[0].layers:
                one, channels, positions = gram(output[image, None] * mask, layer)
                other, _, _ = gram(target[image, None] * mask, layer)
                expected += float((one - other).square().sum() / (4 * channels**2 * positions**2)) / 2
    assert float(found["gram-masks"]) == pytest.approx(expected, rel=1e-4)


def test_a_frozen_discriminator_passes_gradients_and_takes_none() -> None:
    module = torch.nn.Linear(3, 1)
    x = torch.rand(2, 3, requires_grad=True)
    frozen(module)(x).sum().backward()
    assert x.grad is not None
    assert module.weight.grad is None
    assert module.weight.requires_grad


def test_gram_losses_are_computed_in_full_precision_inside_autocast() -> None:
    recipe = small("tsrn-g")
    objective = Objective(recipe, specification(recipe), None)
    found = {layer: (torch.rand(1, 8, 64, 64), torch.rand(1, 8, 64, 64)) for layer in recipe.terms[0].layers}
    plain = objective.of_layers(recipe.terms[0], found)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = objective.of_layers(recipe.terms[0], found)
    assert float(mixed) == float(plain)
