"""Opening a metric of pyiqa with its files in our cache: its own, torch hub's, CLIP's and timm's.

timm's backbones are made empty at first, since the published files of most metrics that stand on one hold its
values too; only where some of them do not (what is left is no number) they are fetched.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.files import cache_folder

if TYPE_CHECKING:
    import torch


def own_folder() -> Path:
    """Where pyiqa's own files lie."""
    return cache_folder() / "pyiqa"


def folders() -> tuple[Path, ...]:
    """Where files are looked for: pyiqa's own, backbones as torch hub keeps them, and CLIP's networks."""
    return own_folder(), cache_folder() / "checkpoints", cache_folder() / "clip"


def open_metric(name: str, device: str) -> torch.nn.Module:
    """The metric with its published values, on a device; whatever fails, pyiqa's and torch's errors included,
    is raised as it comes. What pyiqa prints, such as the addresses of missing files, goes to standard output.
    """
    import pyiqa

    with _own_cache():
        with _empty_backbones() as made:
            model: torch.nn.Module = pyiqa.create_metric(name, device=device)
        if made and any(bool(tensor.isnan().any()) for _, tensor in values_of(model)):
            model = pyiqa.create_metric(name, device=device)
    return model


def values_of(model: torch.nn.Module) -> list[tuple[str, torch.Tensor]]:
    """All values of a metric by name, also of networks that it keeps in lists so that they are not saved."""
    import torch

    found = sorted(model.state_dict().items())
    for place, module in model.named_modules():
        for name, kept in vars(module).items():
            hidden = (
                [each for each in kept if isinstance(each, torch.nn.Module)] if type(kept) is list else []
            )
            for index, network in enumerate(hidden):
                found += [
                    (f"{place}.{name}[{index}].{key}", tensor)
                    for key, tensor in sorted(network.state_dict().items())
                ]
    return found


@contextlib.contextmanager
def _replaced(module: Any, name: str, value: object) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


@contextlib.contextmanager
def _own_cache() -> Iterator[None]:
    """pyiqa's files, and those that others fetch for it, lie in our cache; elsewhere nothing is changed."""
    import torch
    from huggingface_hub import constants
    from pyiqa.archs import afineclip_model, clip_model
    from pyiqa.utils import download_util

    before = torch.hub.get_dir()
    torch.hub.set_dir(str(cache_folder()))
    try:
        with (
            _replaced(download_util, "DEFAULT_CACHE_DIR", str(own_folder())),
            _replaced(constants, "HF_HUB_CACHE", str(own_folder() / "hub")),
            _replaced(clip_model, "_download", _told(clip_model._download)),
            _replaced(afineclip_model, "_download", _told(afineclip_model._download)),
        ):
            yield
    finally:
        torch.hub.set_dir(before)


def _told(download: Callable[[str, str], str]) -> Callable[[str, str], str]:
    """CLIP's download into our cache, which says what it fetches as pyiqa's does."""

    def tell_and_download(url: str, _: str) -> str:
        print(f'Downloading: "{url}"')
        return download(url, str(cache_folder() / "clip"))

    return tell_and_download


@contextlib.contextmanager
def _empty_backbones() -> Iterator[list[str]]:
    """timm makes networks without fetching anything, filled with NaN; gives their names."""
    import timm

    made = []
    create = timm.create_model

    def create_empty(name: str, *arguments: Any, **options: Any) -> torch.nn.Module:
        """As `timm.create_model`, but a pretrained network without its weights."""
        if not options.get("pretrained"):
            return create(name, *arguments, **options)
        made.append(name)
        network: torch.nn.Module = create(name, *arguments, **options | {"pretrained": False})
        for tensor in network.state_dict().values():
            if tensor.is_floating_point():
                tensor.fill_(float("nan"))
        return network

    with _replaced(timm, "create_model", create_empty):
        yield made
