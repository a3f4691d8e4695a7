"""LapSRN: a Laplacian pyramid that doubles the luma once per level.

Source: Lai, Huang, Ahuja, Yang, "Deep Laplacian Pyramid Networks for Fast and Accurate
Super-Resolution" (CVPR 2017), section 3.1 and Figure 1: per level ten 3x3 convolutions of 64 filters, a
transposed 4x4 convolution of the features, a transposed 4x4 convolution of the image, a 3x3 convolution
to the residual; leaky ReLU of slope 0.2. The authors' released networks have biases, and 3x3 transposed
convolutions of the features; the reimplementation in circulation (twtygqyy/pytorch-LapSRN) has neither.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2


def doubling(features: int) -> nn.ConvTranspose2d:
    """The authors' 3x3 transposed convolution; the last row and column of its output are to be cut."""
    return nn.ConvTranspose2d(features, features, 3, stride=2)


class Level(nn.Module):
    """One doubling: features and image, N x F x H x W and N x 1 x H x W, to twice the size."""

    def __init__(self, features: int, depth: int, *, authors: bool) -> None:
        super().__init__()
        self.body = nn.ModuleList(
            nn.Conv2d(features, features, 3, padding=1, bias=authors) for _ in range(depth)
        )
        if authors:
            self.up_features = doubling(features)
        else:
            self.up_features = nn.ConvTranspose2d(features, features, 4, stride=2, padding=1, bias=False)
        self.up_image = nn.ConvTranspose2d(1, 1, 4, stride=2, padding=1, bias=False)
        self.residual = nn.Conv2d(features, 1, 3, padding=1, bias=authors)

    def forward(self, features: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        """The enlarged features and the enlarged image with this level's residual."""
        for layer in self.body:
            features = functional.leaky_relu_(layer(features), SLOPE)
        image = self.up_image(image)
        height, width = image.shape[-2:]
        features = functional.leaky_relu_(self.up_features(features)[..., :height, :width], SLOPE)
        return features, image + self.residual(features)


class LapSRN(nn.Module):
    """Luma, N x 1 x H x W in 0 to 1, to luma of `scale` (2, 4 or 8) times the size.

    `authors` gives the layers of the authors' released networks.
    """

    def __init__(self, scale: int = 4, authors: bool = False, features: int = 64, depth: int = 10) -> None:
        super().__init__()
        if scale not in (2, 4, 8):
            raise ValueError(f"LapSRN doubles: scale 2, 4 or 8, not {scale}")
        self.head = nn.Conv2d(1, features, 3, padding=1, bias=authors)
        self.levels = nn.ModuleList(
            Level(features, depth, authors=authors) for _ in range(scale.bit_length() - 1)
        )

    def outputs(self, x: Tensor) -> list[Tensor]:
        """The images of all levels, 2x first: what the paper's loss compares."""
        images = [x]
        features = functional.leaky_relu_(self.head(x), SLOPE)
        for level in self.levels:
            features, image = level(features, images[-1])
            images.append(image)
        return images[1:]

    def forward(self, x: Tensor) -> Tensor:
        """The image of the last level."""
        return self.outputs(x)[-1]


class MSLapSRN(nn.Module):
    """MS-LapSRN: one level's weights for all levels, five convolutions applied `recursions` times.

    Luma, N x 1 x H x W in 0 to 1, to luma of `scale` (2, 4 or 8) times the size. Source: Lai et al.,
    "Fast and Accurate Image Super-Resolution with Deep Laplacian Pyramid Networks" (TPAMI 2018), section
    3.3; `init_MSLapSRN_model.m` of phoenix104104/LapSRN: leaky ReLU before each convolution, skip
    connections from the level's input, 3x3 transposed convolution of the features.
    """

    def __init__(self, scale: int = 4, recursions: int = 8, features: int = 64, depth: int = 5) -> None:
        super().__init__()
        if scale not in (2, 4, 8):
            raise ValueError(f"MS-LapSRN doubles: scale 2, 4 or 8, not {scale}")
        self.scale = scale
        self.recursions = recursions
        self.head = nn.Conv2d(1, features, 3, padding=1)
        self.body = nn.ModuleList(nn.Conv2d(features, features, 3, padding=1) for _ in range(depth))
        self.up_features = doubling(features)
        self.up_image = nn.ConvTranspose2d(1, 1, 4, stride=2, padding=1, bias=False)
        self.residual = nn.Conv2d(features, 1, 3, padding=1)

    def outputs(self, x: Tensor) -> list[Tensor]:
        """The images of all levels, 2x first: what the paper's loss compares."""
        images = [x]
        features = self.head(x)
        for _ in range(self.scale.bit_length() - 1):
            source = features
            for _ in range(self.recursions):
                for layer in self.body:
                    features = layer(functional.leaky_relu(features, SLOPE))
                features = features + source
            features = self.up_features(functional.leaky_relu(features, SLOPE))[..., :-1, :-1]
            images.append(self.up_image(images[-1]) + self.residual(features))
        return images[1:]

    def forward(self, x: Tensor) -> Tensor:
        """The image of the last level."""
        return self.outputs(x)[-1]
