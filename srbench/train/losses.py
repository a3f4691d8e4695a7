"""Losses as pure functions of tensors; all return one number, the mean over the batch.

Images are N x C x H x W, features N x C x h x w, logits N x 1. Nothing here knows recipes or networks.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_TINY = 1e-6  # keeps the division by a mean of zero harmless


def crop_border(images: Tensor, border: int) -> Tensor:
    """N x C x H x W without `border` pixels on each side."""
    return images[..., border:-border, border:-border]


def mean_squared_error(output: Tensor, target: Tensor) -> Tensor:
    """SRGAN eq. 4, EnhanceNet L_E: the mean over pixels and channels of (output - target)^2."""
    return functional.mse_loss(output, target)


def mean_absolute_error(output: Tensor, target: Tensor) -> Tensor:
    """ESRGAN L_1: the mean over pixels and channels of |output - target|."""
    return functional.l1_loss(output, target)


def charbonnier(output: Tensor, target: Tensor) -> Tensor:
    """LapSRN eq. 2: the mean over the batch of the sum of sqrt((output - target)^2 + 1e-6)."""
    return ((output - target).square() + 1e-6).sqrt().sum() / output.shape[0]


def reduced_to(target: Tensor, output: Tensor) -> Tensor:
    """The target at the output's size: LapSRN's references of lower levels are bicubic reductions."""
    if target.shape == output.shape:
        return target
    size = output.shape[-2:]
    return functional.interpolate(target, size=size, mode="bicubic", antialias=True, align_corners=False)


def total_variation(image: Tensor) -> Tensor:
    """The mean over images of the summed length of the gradient (arXiv:1609.04802v1, section 2.2.3).

    The gradient is that of forward differences; the last row and column have none. Its length is
    smoothed by 1e-12 under the root, which leaves a gradient where an image is flat.
    """
    down = image[..., 1:, :-1] - image[..., :-1, :-1]
    right = image[..., :-1, 1:] - image[..., :-1, :-1]
    return (down.square() + right.square() + 1e-12).sqrt().sum() / image.shape[0]


def unit_mean(output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both divided by the target's mean (EnhanceNet section 5.3: activations with a mean of one).

    The mean is taken over batch, channels and positions of the target, and is a constant of the loss.
    """
    mean = target.detach().mean() + _TINY
    return output / mean, target / mean


def gram(features: Tensor) -> Tensor:
    """F F^T of features N x C x h x w over the positions: N x C x C, not divided by anything."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2)


def gram_loss(output: Tensor, target: Tensor) -> Tensor:
    """TSRN eq. 1: the sum over i, j of (G_ij - A_ij)^2 divided by 4 C^2 M^2, M = h w positions."""
    count, channels, height, width = output.shape
    difference = gram(output) - gram(target)
    return difference.square().sum() / (4 * channels**2 * (height * width) ** 2 * count)


def patch_gram_loss(output: Tensor, target: Tensor, patch: int) -> Tensor:
    """EnhanceNet L_T: the mean squared difference of the Gram matrices of `patch` x `patch` positions.

    Patches tile the features without overlap; the mean is over patches and matrix entries.
    """
    first, second = gram(_tiles(output, patch)), gram(_tiles(target, patch))
    return functional.mse_loss(first, second)


def _tiles(features: Tensor, patch: int) -> Tensor:
    """N x C x h x w to (N tiles) x C x patch x patch; rows and columns that fill no tile are cut."""
    count, channels, height, width = features.shape
    rows, columns = height // patch, width // patch
    cut = features[..., : rows * patch, : columns * patch]
    split = cut.reshape(count, channels, rows, patch, columns, patch)
    return split.permute(0, 2, 4, 1, 3, 5).reshape(-1, channels, patch, patch)


def masked(images: Tensor, masks: Tensor) -> Tensor:
    """TSRN eq. 2 and 3: N x C x H x W times N x R x H x W of 0 and 1, as (N R) x C x H x W."""
    regions = images[:, None] * masks[:, :, None].to(images.dtype)
    return regions.flatten(0, 1)


def adversarial_generator(fake: Tensor) -> Tensor:
    """SRGAN eq. 6: the mean of -log D(G(x)); `fake` are the logits of D."""
    return functional.softplus(-fake).mean()


def adversarial_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """SRGAN eq. 2: the mean of -log D(y) - log(1 - D(G(x))), from logits."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """ESRGAN eq. 2: -E[log(1 - D_Ra(real, fake))] - E[log D_Ra(fake, real)], from logits.

    D_Ra(a, b) = sigmoid(a - E[b]). The mean of both expectations' sum is not halved, as in the paper.
    """
    return functional.softplus(real - fake.mean()).mean() + functional.softplus(real.mean() - fake).mean()


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """ESRGAN eq. 1: -E[log D_Ra(real, fake)] - E[log(1 - D_Ra(fake, real))], from logits."""
    return functional.softplus(fake.mean() - real).mean() + functional.softplus(fake - real.mean()).mean()


def accuracy(real: Tensor, fake: Tensor, *, relativistic: bool) -> Tensor:
    """The smaller share of real and of fake images that the discriminator gets right, without gradient."""
    with torch.no_grad():
        threshold_real = fake.mean() if relativistic else torch.zeros((), device=real.device)
        threshold_fake = real.mean() if relativistic else torch.zeros((), device=real.device)
        right_real = (real > threshold_real).float().mean()
        right_fake = (fake < threshold_fake).float().mean()
        return torch.minimum(right_real, right_fake)
