"""Every loss against its formula in float64, and its gradient against finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from srbench.train import losses


def made(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def pairs(*shape: int) -> tuple[Tensor, Tensor]:
    return made(*shape, seed=1), made(*shape, seed=2)


def sigmoid(x: np.ndarray | float) -> np.ndarray:
    return 1 / (1 + np.exp(-np.asarray(x)))


def close(value: Tensor, expected: float) -> None:
    assert float(value) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_pixel_losses_are_means_over_pixels_and_channels() -> None:
    output, target = pairs(2, 3, 4, 5)
    difference = (output - target).numpy()
    close(losses.mean_squared_error(output, target), float((difference**2).sum() / difference.size))
    close(losses.mean_absolute_error(output, target), float(np.abs(difference).sum() / difference.size))


def test_total_variation_is_the_summed_length_of_the_gradient() -> None:
    image = made(2, 3, 4, 5)
    pixels = image.numpy()
    total = 0.0
    for n in range(2):
        for c in range(3):
            for y in range(3):
                for x in range(4):
                    here = pixels[n, c, y, x]
                    down, right = pixels[n, c, y + 1, x] - here, pixels[n, c, y, x + 1] - here
                    total += math.sqrt(down**2 + right**2 + 1e-12)
    close(losses.total_variation(image), total / 2)


def test_gram_loss_is_equation_1_of_tsrn() -> None:
    output, target = pairs(2, 3, 4, 5)
    total = 0.0
    for n in range(2):
        first, second = (x[n].numpy().reshape(3, 20) for x in (output, target))
        for i in range(3):
            for j in range(3):
                g = sum(first[i, m] * first[j, m] for m in range(20))
                a = sum(second[i, m] * second[j, m] for m in range(20))
                total += (g - a) ** 2 / (4 * 3**2 * 20**2)
    close(losses.gram_loss(output, target), total / 2)


def test_patch_gram_loss_compares_patches_one_by_one() -> None:
    output, target = pairs(2, 3, 5, 6)  # the fifth row fills no patch
    values = []
    for n in range(2):
        for y in (0, 2):
            for x in (0, 2, 4):
                a, b = (z[n, :, y : y + 2, x : x + 2].reshape(3, 4).numpy() for z in (output, target))
                values.append(((a @ a.T - b @ b.T) ** 2).mean())
    close(losses.patch_gram_loss(output, target, 2), float(np.mean(values)))


def test_unit_mean_divides_by_the_mean_of_the_target() -> None:
    output, target = (x.abs() for x in pairs(2, 3, 4, 4))
    first, second = losses.unit_mean(output, target)
    assert float(second.mean()) == pytest.approx(1.0, rel=1e-5)
    torch.testing.assert_close(first / second, output / target)


def test_masks_multiply_every_region_of_every_image() -> None:
    images, masks = made(2, 3, 4, 4), made(2, 5, 4, 4) > 0
    regions = losses.masked(images, masks).reshape(2, 5, 3, 4, 4)
    for n in range(2):
        for region in range(5):
            assert torch.equal(regions[n, region], images[n] * masks[n, region])


def test_adversarial_losses_are_equations_2_and_6_of_srgan() -> None:
    real, fake = pairs(4, 1)
    d_real, d_fake = sigmoid(real.numpy()), sigmoid(fake.numpy())
    close(losses.adversarial_generator(fake), float(np.mean(-np.log(d_fake))))
    expected = float(np.mean(-np.log(d_real)) + np.mean(-np.log(1 - d_fake)))
    close(losses.adversarial_discriminator(real, fake), expected)


def test_relativistic_losses_are_equations_1_and_2_of_esrgan() -> None:
    real, fake = pairs(4, 1)
    real_over_fake = sigmoid(real.numpy() - float(fake.mean()))
    fake_over_real = sigmoid(fake.numpy() - float(real.mean()))
    generator = -np.log(1 - real_over_fake).mean() - np.log(fake_over_real).mean()
    discriminator = -np.log(real_over_fake).mean() - np.log(1 - fake_over_real).mean()
    close(losses.relativistic_generator(real, fake), float(generator))
    close(losses.relativistic_discriminator(real, fake), float(discriminator))


def test_adversarial_losses_stay_finite_for_large_logits() -> None:
    real, fake = torch.tensor([[-900.0]]), torch.tensor([[900.0]])
    for value in (
        losses.adversarial_generator(-fake),
        losses.adversarial_discriminator(real, fake),
        losses.relativistic_generator(-real, -fake),
        losses.relativistic_discriminator(real, fake),
    ):
        assert torch.isfinite(value)


def test_accuracy_is_the_smaller_share_that_is_right() -> None:
    real, fake = torch.tensor([[1.0], [-1.0], [2.0], [3.0]]), torch.tensor([[-1.0], [-1.0], [5.0], [6.0]])
    assert float(losses.accuracy(real, fake, relativistic=False)) == 0.5
    shifted = losses.accuracy(real + 100, fake + 100, relativistic=True)
    assert float(shifted) == float(losses.accuracy(real, fake, relativistic=True))


SMOOTH = {
    "mse": (losses.mean_squared_error, pairs(2, 3, 4, 4)),
    "total variation": (losses.total_variation, (made(2, 3, 4, 4),)),
    "gram": (losses.gram_loss, pairs(2, 3, 4, 4)),
    "patch gram": (lambda a, b: losses.patch_gram_loss(a, b, 2), pairs(1, 2, 4, 4)),
    "unit mean": (lambda a, b: losses.mean_squared_error(*losses.unit_mean(a, b.abs())), pairs(1, 2, 3, 3)),
    "generator": (losses.adversarial_generator, (made(4, 1),)),
    "discriminator": (losses.adversarial_discriminator, pairs(4, 1)),
    "relativistic generator": (losses.relativistic_generator, pairs(4, 1)),
    "relativistic discriminator": (losses.relativistic_discriminator, pairs(4, 1)),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_agree_with_finite_differences(name: str) -> None:
    function, inputs = SMOOTH[name]
    # The mean of the target is a constant of the unit-mean loss, so only the output has a gradient there.
    with_gradient = [
        x.clone().requires_grad_(name != "unit mean" or place == 0) for place, x in enumerate(inputs)
    ]
    assert torch.autograd.gradcheck(function, with_gradient)


def test_charbonnier_is_the_papers_sum() -> None:
    output, target = torch.zeros(2, 1, 2, 2), torch.full((2, 1, 2, 2), 3.0)
    assert losses.charbonnier(output, target).item() == pytest.approx(4 * (9 + 1e-6) ** 0.5, rel=1e-6)


def test_lower_levels_are_compared_with_bicubic_reductions() -> None:
    from srbench.images.resize import imresize_double

    image = np.random.default_rng(0).random((32, 32))
    reduced = losses.reduced_to(torch.from_numpy(image)[None, None], torch.zeros(1, 1, 16, 16))
    inner = slice(3, -3)  # the edges are handled differently
    np.testing.assert_allclose(
        reduced[0, 0].numpy()[inner, inner], imresize_double(image, 0.5)[inner, inner], atol=1e-6
    )


@pytest.mark.parametrize("kind", ["channels_last", "contiguous"])
def test_the_slopes_gradient_is_torchs(kind: str) -> None:
    from srbench.methods.networks.layers import PReLU

    ours, theirs = PReLU().double(), torch.nn.PReLU().double()
    image = torch.randn(2, 3, 5, 7, dtype=torch.float64)
    if kind == "channels_last":
        image = image.contiguous(memory_format=torch.channels_last)
    given = [image.clone().requires_grad_() for _ in range(2)]
    weight = torch.randn_like(image)
    for layer, x in zip((ours, theirs), given, strict=True):
        (layer(x) * weight).sum().backward()
    torch.testing.assert_close(given[0].grad, given[1].grad)
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)
