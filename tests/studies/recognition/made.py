"""Made ImageNet folders and a made classifier, in the files and formats of the real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image

from tests.metrics.deep_fixtures import no_initialisation

SYNSETS = ("n01440764", "n01443537", "n01484850", "n02123045", "n15075141")


def picture(seed: int, shape: tuple[int, int] = (90, 110)) -> np.ndarray:
    """A smooth random picture, uint8 H x W x 3."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (7, 8, 3), dtype=np.uint8)
    image = Image.fromarray(small).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(image)


def save(path: Path, seed: int) -> None:
    """Writes a picture, JPEG as ImageNet's are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(seed)).save(path, quality=95)


def random_resnet(path: Path, classes: int = 1000) -> torch.nn.Module:
    """torchvision's ResNet-18 with made weights, saved as a state dict."""
    with no_initialisation():
        network = torchvision.models.resnet18(weights=None, num_classes=classes)
    generator = torch.Generator().manual_seed(3)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            torch.nn.init.kaiming_normal_(module.weight, generator=generator)
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2, generator=generator)
            torch.nn.init.uniform_(module.running_var, 0.8, 1.5, generator=generator)
            torch.nn.init.ones_(module.weight)
            torch.nn.init.zeros_(module.bias)
    torch.nn.init.zeros_(network.fc.bias)
    torch.save(network.state_dict(), path)
    return network.eval()
