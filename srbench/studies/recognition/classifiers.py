"""Classifiers by name: any of torchvision (`resnet50`, `vgg19:IMAGENET1K_V1`) or timm (`timm:resnet18`).

torchvision's weights are its first ImageNet release unless another is named: the papers' classifiers
are of that kind. Files are found, verified and cached by `srbench.core.weights`; nothing is downloaded unless
asked for.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.records import UsageError, UserError
from srbench.core.text import first_line, size_text
from srbench.core.torch_files import TorchHubFile, read_state_dict
from srbench.core.weights import pull
from srbench.studies.recognition.accuracy import CLASSES

if TYPE_CHECKING:
    import numpy as np
    import torch

_TIMM = "timm:"
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# torchvision's densenet checkpoints carry the names of an older version of the network.
_OLD_DENSENET = re.compile(
    r"^(.*denselayer\d+\.(?:norm|relu|conv))\.((?:[12])\.(?:weight|bias|running_mean|running_var))$"
)


@dataclass(frozen=True)
class Classifier:
    """A loaded classifier: uint8 images of one size, N x H x W x 3, to N x 1000 logits in float32.

    `side` is that of the images that it was trained or evaluated on, where it is known.
    """

    name: str
    network: torch.nn.Module
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    device: str
    half: bool = False
    side: int | None = None

    def logits(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """The classes' logits; `UserError` where the network refuses the size or has not 1000 classes.

        A processor gains nothing from batches, and its library sums in another order for each batch
        size; there images go one by one, so that a score does not depend on the batch.
        """
        import numpy as np

        step = 1 if self.device == "cpu" else len(images)
        found = np.concatenate([self._checked(images[n : n + step]) for n in range(0, len(images), step)])
        if found.ndim != 2 or found.shape[1] != CLASSES:
            raise UserError(f"{self.name} tells {found.shape[-1]} classes apart, not {CLASSES}")
        return found

    def _checked(self, images: Sequence[np.ndarray]) -> np.ndarray:
        import torch

        try:
            return self._logits(images)
        except torch.OutOfMemoryError:
            raise
        except (AssertionError, RuntimeError) as error:
            height, width = images[0].shape[:2]
            if self.side in (None, height):
                raise
            raise UserError(
                f"{self.name} does not take images of {width}x{height} pixels ({first_line(error)}); "
                f"it was made for --crop {self.side}"
            ) from None

    def _logits(self, images: Sequence[np.ndarray]) -> np.ndarray:
        import numpy as np
        import torch

        kind = torch.device(self.device).type
        with torch.inference_mode(), torch.autocast(kind, torch.float16, enabled=self.half):
            pixels = torch.from_numpy(np.stack(images)).to(self.device).permute(0, 3, 1, 2)
            mean, deviation = (
                torch.tensor(values, device=self.device)[:, None, None]
                for values in (self.mean, self.deviation)
            )
            return self.network((pixels.float() / 255 - mean) / deviation).float().cpu().numpy()


def open_classifier(
    name: str, *, device: str, half: bool = False, file: Path | None = None, download: bool = False
) -> Classifier:
    """A classifier with ImageNet weights, from `file` where that is given.

    `half` takes 16-bit arithmetic on a GPU. `UserError` where the weights are missing, of another
    network, or for another number of classes.
    """
    build = _timm if name.startswith(_TIMM) else _torchvision
    network, mean, deviation, side = build(name, file, download)
    import torch

    network = network.eval().requires_grad_(False).to(device)
    network = network.to(memory_format=torch.channels_last)
    half = half and device.startswith("cuda")
    return Classifier(name, network, mean, deviation, device, half, side)


# A network, the mean and deviation of its inputs, and their side.
_Built = tuple["torch.nn.Module", tuple[float, ...], tuple[float, ...], int]


def _torchvision(name: str, file: Path | None, download: bool) -> _Built:
    import torch
    from torchvision import models

    builder, _, version = name.partition(":")
    known = models.list_models(module=models)
    if builder not in known:
        raise UsageError(_unknown(name, known))
    weights = _published(models.get_model_weights(builder), name, version)
    path = file or _weights_path(name, weights, download)
    state = _renamed(read_state_dict(path))

    # What torchvision itself sets for these two when it loads published weights.
    options = {"transform_input": True} if builder in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):
        network = models.get_model(builder, weights=None, **options)
    _load(network, state, path, name)
    return network, _MEAN, _DEVIATION, int(weights.transforms().crop_size[0])


def _renamed(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    # In place: the dictionary carries the versions of its modules as an attribute.
    for key in [key for key in state if _OLD_DENSENET.match(key)]:
        state[_OLD_DENSENET.sub(r"\1\2", key)] = state.pop(key)
    return state


def _published(all_weights: Any, name: str, version: str) -> Any:
    found = {weights.name: weights for weights in all_weights}
    if version and version not in found:
        raise UsageError(f"{name}: torchvision has the weights {', '.join(found)}")
    return found[version] if version else next(iter(found.values()))


def _weights_path(name: str, weights: Any, download: bool) -> Path:
    stem = weights.url.rpartition("/")[2].removesuffix(".pth")
    file = TorchHubFile(
        name=f"torchvision-{stem.rpartition('-')[0]}",
        sha256=(stem.rpartition("-")[2],),
        homepage="https://pytorch.org/vision/stable/models.html",
        license="BSD-3-Clause (torchvision); trained on ImageNet, whose terms are non-commercial",
        citation=str(weights.meta.get("recipe", "torchvision")),
        url=weights.url,
        size=round(weights.meta["_file_size"] * 2**20),
    )
    if file.cached.is_file():
        return file.cached
    if download:
        return pull(file)
    raise UserError(_missing(name, f"{weights.url}, {size_text(file.size or 0)}"))


def _timm(name: str, file: Path | None, download: bool) -> _Built:
    import timm

    model = name.removeprefix(_TIMM)
    known = timm.list_models() + timm.list_pretrained()
    if model not in known:
        raise UsageError(_unknown(name, [f"{_TIMM}{other}" for other in known]))
    config = timm.get_pretrained_cfg(model)
    if config is None:
        raise UserError(f"{name}: timm has no weights of that model")
    if config.num_classes != CLASSES:
        raise UserError(f"{name} tells {config.num_classes} classes apart, not {CLASSES}")
    path = file or _hub_path(name, config, download)
    network = timm.create_model(model, pretrained=False)
    _load(network, _timm_state(path), path, name)
    return network, tuple(config.mean), tuple(config.std), int(config.input_size[-1])


def _hub_path(name: str, config: Any, download: bool) -> Path:
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    if not config.hf_hub_id:
        raise UserError(f"{name}: timm's weights of it are not on its hub; {_by_hand(name)}")
    cached = try_to_load_from_cache(config.hf_hub_id, "model.safetensors")
    if isinstance(cached, str):
        return Path(cached)
    if not download:
        raise UserError(_missing(name, f"https://huggingface.co/{config.hf_hub_id}"))
    try:
        return Path(hf_hub_download(config.hf_hub_id, "model.safetensors"))
    except Exception as error:  # the hub's client lets the errors of its transport through
        raise UserError(f"{name} cannot be downloaded ({first_line(error)}); {_by_hand(name)}") from None


def _timm_state(path: Path) -> dict[str, torch.Tensor]:
    if path.suffix != ".safetensors":
        return read_state_dict(path)
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path} is not a readable safetensors file ({error})") from None


def _load(network: torch.nn.Module, state: dict[str, torch.Tensor], path: Path, name: str) -> None:
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        reason = " ".join((str(error).splitlines() or [""])[1:2]).strip()
        raise UserError(f"{path} does not hold the weights of {name}: {reason[:200]}") from None
    if any(tensor.is_meta for tensor in (*network.parameters(), *network.buffers())):
        raise UserError(f"{path} leaves parts of {name} without values")


def _unknown(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "name one of torchvision's, or timm:NAME"
    return f"unknown classifier '{name}'; {hint}"


def _missing(name: str, source: str) -> str:
    return f"the weights of {name} are not here ({source}): add --pull, or {_by_hand(name)}"


def _by_hand(name: str) -> str:
    return f"give them with --classifier-weights {name}=FILE"
