"""SRResNet, the generator of SRGAN, and the variant without normalisation of BasicSR and MMagic.

Source: Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial
Network" (CVPR 2017), section 2.1.2 and Figure 4: 16 blocks of two 3x3 convolutions with batch
normalisation and PReLU, 9x9 convolutions at both ends, two sub-pixel convolutions. Names as in
Lornatang/SRGAN-PyTorch (`model.py`). Inputs are 0 to 1; the paper's targets are -1 to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from torch import Tensor, nn
from torch.nn import functional

from srbench.methods.networks.layers import PReLU, convolution, skip_stages

if TYPE_CHECKING:
    from srbench.methods.networks.specification import Stage


class NormalisedBlock(nn.Module):
    """x + (conv BN PReLU conv BN)(x), convolutions without bias."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.rcb = nn.Sequential(
            convolution(features, features, bias=False),
            nn.BatchNorm2d(features),
            PReLU(),
            convolution(features, features, bias=False),
            nn.BatchNorm2d(features),
        )

    def forward(self, x: Tensor) -> Tensor:
        """N x F x H x W in and out."""
        return cast(Tensor, self.rcb(x)) + x


class SubPixel(nn.Module):
    """Convolution, pixel shuffle by 2, PReLU."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.upsample_block = nn.Sequential(convolution(features, 4 * features), nn.PixelShuffle(2), PReLU())

    def forward(self, x: Tensor) -> Tensor:
        """Twice the size."""
        return cast(Tensor, self.upsample_block(x))


class SRResNet(nn.Module):
    """RGB, N x 3 x H x W, to `scale` (2, 4, 8) times the size; see the module for ranges."""

    def __init__(self, scale: int = 4, features: int = 64, blocks: int = 16) -> None:
        super().__init__()
        if scale not in (2, 4, 8):
            raise ValueError(f"SRResNet doubles: scale 2, 4 or 8, not {scale}")
        self.scale = scale
        self.conv1 = nn.Sequential(convolution(3, features, 9), PReLU())
        self.trunk = nn.Sequential(*(NormalisedBlock(features) for _ in range(blocks)))
        self.conv2 = nn.Sequential(convolution(features, features, bias=False), nn.BatchNorm2d(features))
        self.upsampling = nn.Sequential(*(SubPixel(features) for _ in range(scale.bit_length() - 1)))
        self.conv3 = convolution(features, 3, 9)

    def forward(self, x: Tensor) -> Tensor:
        """The enlarged image."""
        features = self.conv1(x)
        return self._tail(cast(Tensor, self.conv2(self.trunk(features))) + features)

    def stages(self) -> tuple[Stage, ...]:
        """One stage per block; see `srbench.methods.networks.specification.Stage`."""
        return skip_stages(
            self.conv1,
            [(block, 2) for block in self.trunk],
            self.conv2,
            self._tail,
            head_radius=4,
            close_radius=1,
            tail_radius=4,
            scale=self.scale,
        )

    def _tail(self, features: Tensor) -> Tensor:
        return cast(Tensor, self.conv3(self.upsampling(features)))


class PlainBlock(nn.Module):
    """x + (conv relu conv)(x)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv1 = convolution(features, features)
        self.conv2 = convolution(features, features)

    def forward(self, x: Tensor) -> Tensor:
        """N x F x H x W in and out."""
        return cast(Tensor, self.conv2(functional.relu_(self.conv1(x)))).add_(x)


class Shuffle(nn.Module):
    """Convolution and pixel shuffle by 2 (MMagic's `PixelShufflePack`)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.upsample_conv = convolution(features, 4 * features)

    def forward(self, x: Tensor) -> Tensor:
        """Twice the size."""
        return functional.pixel_shuffle(self.upsample_conv(x), 2)


class MSRResNet(nn.Module):
    """MMagic's SRResNet: no batch normalisation, residual over bilinear enlargement, 4x.

    RGB, N x 3 x H x W in 0 to 1. Not the paper's network. Source: mmagic `sr_resnet.py`; the names are
    its names; unlike BasicSR's network of this name it has no activation after the pixel shuffles.
    """

    def __init__(self, features: int = 64, blocks: int = 16) -> None:
        super().__init__()
        self.conv_first = convolution(3, features)
        self.trunk_net = nn.Sequential(*(PlainBlock(features) for _ in range(blocks)))
        self.upsample1 = Shuffle(features)
        self.upsample2 = Shuffle(features)
        self.conv_hr = convolution(features, features)
        self.conv_last = convolution(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        """The enlarged image."""
        features = self.trunk_net(functional.leaky_relu_(self.conv_first(x), 0.1))
        features = self.upsample2(self.upsample1(features))
        features = functional.leaky_relu_(self.conv_hr(features), 0.1)
        base = functional.interpolate(x, scale_factor=4.0, mode="bilinear", align_corners=False)
        return cast(Tensor, self.conv_last(features)).add_(base)
