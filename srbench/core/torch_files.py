"""Torch's own files: torchvision's published weights, torch hub's folder, and reading them safely.

Importing this module does not import torch.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.records import UserError
from srbench.core.text import first_line
from srbench.core.weights import WeightFile

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class TorchHubFile(WeightFile):
    """A file of torchvision's model zoo, kept as published and shared with torch hub's own folder.

    Where `TORCH_HOME/hub/checkpoints` already holds the file, and its hash is the published one, that
    copy is used and nothing is downloaded.
    """

    suffix: str = ".pth"

    @property
    def cached(self) -> Path:
        """Our verified copy; torch hub's where only that exists."""
        own = super().cached
        if own.is_file() or self.url is None:
            return own
        shared = hub_checkpoints() / self.url.rpartition("/")[2]
        return shared if shared.is_file() and _has_hash(shared, self.sha256) else own


def hub_checkpoints() -> Path:
    """Where torch hub keeps downloaded weights: under `TORCH_HOME`, else the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", f"{cache}/torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def _has_hash(path: Path, accepted: tuple[str, ...]) -> bool:
    status = path.stat()
    digest = _digest(path, status.st_size, status.st_mtime_ns)
    return any(digest.startswith(hexadecimal) for hexadecimal in accepted)


@lru_cache(maxsize=64)
def _digest(path: Path, size: int, modified: int) -> str:  # noqa: ARG001 - a changed file is another key
    from srbench.core.files import file_hash

    return file_hash(path)


def fill(
    module: torch.nn.Module,
    state: dict[str, torch.Tensor],
    path: Path,
    title: str,
    *,
    mend: str = "pull it again or give another file with --from FILE",
) -> None:
    """Puts a state dict into a module on the meta device; `UserError` unless all names and shapes fit.

    `mend` tells the user what to do about a file that does not fit.
    """
    wanted = module.state_dict()
    wrong = [name for name in {**wanted, **state} if _shape(wanted, name) != _shape(state, name)]
    if wrong:
        raise UserError(
            f"{path} does not hold the weights of {title}: {wrong[0]} is {_shape(state, wrong[0])}, "
            f"not {_shape(wanted, wrong[0])}; {mend}"
        )
    module.load_state_dict(state, assign=True)
    module.requires_grad_(False)


def _shape(state: dict[str, torch.Tensor], name: str) -> str:
    return "x".join(map(str, state[name].shape)) if name in state else "missing"


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a torch checkpoint, read without running code from it; `UserError` on anything else."""
    import torch

    options: dict[str, Any] = {"map_location": "cpu", "weights_only": True}
    try:
        try:
            state = torch.load(path, mmap=True, **options)
        except RuntimeError:  # files from before torch 1.6 cannot be mapped
            state = torch.load(path, **options)
    except Exception as error:  # torch.load fails in as many ways as pickle and zipfile do
        raise UserError(f"{path} is not a torch file of weights ({first_line(error)})") from None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise UserError(f"{path} is not a state dict: it must map names to tensors")
    return state
