"""`pyiqa:<name>`: any metric of pyiqa as a column of our tables.

pyiqa decides what its metrics compute; srbench decides what they see: the output and the reference as
RGB in [0, 1], after the protocol's border crop. Note that pyiqa's own defaults differ from the tables of
super-resolution papers: its `psnry` and `ssim` use full-range YIQ luma, for example.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import math
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.devices import measuring
from srbench.core.files import file_hash, file_name, write_text
from srbench.core.records import Unscorable, UsageError, UserError
from srbench.core.text import first_line, network_reason
from srbench.core.weights import WeightFile, writable
from srbench.metrics.contract import Metric, View
from srbench.metrics.pyiqa_files import folders, open_metric, own_folder, values_of
from srbench.metrics.pyiqa_known import KNOWN, known_name

if TYPE_CHECKING:
    import torch

PREFIX = "pyiqa:"
_OF_SETS = ("FID", "InceptionScore")
LICENSE = "pyiqa: PolyForm Noncommercial 1.0.0 (no commercial use); its metrics have licences of their own"


def bridge(name: str) -> Metric:
    """The metric of a name of pyiqa's; its direction and whether it needs a reference are pyiqa's.

    Once it was pulled, the hash of its weights is recorded with its scores, and other weights are refused.
    """
    metric, state = _bridge(name), WeightsOfPyiqa.of(name)
    return replace(metric, weights=(state,)) if state.cached.is_file() else metric


@dataclass(frozen=True)
class WeightsOfPyiqa(WeightFile):
    """What `metrics pull pyiqa:NAME` found: a file with the hash of all values of the opened network."""

    suffix: str = ".sha256"

    @classmethod
    def of(cls, name: str) -> WeightsOfPyiqa:
        """That of a metric."""
        return cls(PREFIX + name, (), "https://github.com/chaofengc/IQA-PyTorch", LICENSE, f"pyiqa, {name}")

    @property
    def destination(self) -> Path:
        """Beside the files that pyiqa fetched."""
        return own_folder() / f"{file_name(self.name.removeprefix(PREFIX))}{self.suffix}"


def state_hash(model: torch.nn.Module) -> str:
    """SHA-256 of all values of a network with their names: the same wherever its files came from."""
    import hashlib

    digest = hashlib.sha256()
    for name, tensor in values_of(model):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(_bytes()).numpy().data)
    return digest.hexdigest()


def _bytes() -> torch.dtype:
    import torch

    return torch.uint8


@lru_cache(maxsize=64)
def _bridge(name: str) -> Metric:
    version, configuration = _configuration(name)
    full_reference = configuration["metric_mode"] == "FR"

    def compute(output: View, reference: View) -> float:
        model = _model(name, output.device)
        if isinstance(model, str):
            raise Unscorable(model)
        views = (output, reference) if full_reference else (output,)
        return _evaluate(model, [_tensor(view) for view in views])

    return Metric(
        name=PREFIX + name,
        title=KNOWN[name].title if name in KNOWN else PREFIX + name,
        unit="",
        higher_is_better=not configuration.get("lower_better", False),
        needs_reference=full_reference,
        source=f"{KNOWN[name].source + '; ' if name in KNOWN else ''}pyiqa {version}, {name}; {LICENSE}",
        compute=compute,
        version=version,
        modules=("pyiqa",),
        note=(
            "sees RGB in [0, 1] after the protocol's border crop and converts as pyiqa does; fetches its "
            "weights into our cache with pyiqa's own download"
        ),
    )


def _configuration(name: str) -> tuple[str, dict[str, Any]]:
    try:
        import pyiqa
        from pyiqa.default_model_configs import DEFAULT_CONFIGS
    except ImportError:
        raise UserError(f"{PREFIX}{name} needs pyiqa, which is not installed: pip install pyiqa") from None
    if name not in DEFAULT_CONFIGS:
        near = difflib.get_close_matches(name.lower(), DEFAULT_CONFIGS, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "see pyiqa.list_models()"
        raise UsageError(f"pyiqa has no metric '{name}'; {hint}")
    if DEFAULT_CONFIGS[name]["metric_opts"]["type"] in _OF_SETS:
        raise UsageError(f"{PREFIX}{name} compares whole sets of images; see: srbench sets --help")
    return str(pyiqa.__version__), dict(DEFAULT_CONFIGS[name])


@lru_cache(maxsize=16)
def _model(name: str, device: str) -> Any:
    """The opened metric, or the reason why it does not open: a failed download is tried only once."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            model = open_metric(name, device)
        return _changed(name, model) or model
    except Exception as error:  # pyiqa lets the errors of its downloads and of torch through
        why = network_reason(error)[:200]
        wanted = re.search(r'Downloading: "([^"]+)"', said.getvalue())
        if wanted is None:
            return f"pyiqa cannot open {name} ({why})"
        return (
            f"the weights of {PREFIX}{name} are not here and cannot be downloaded ({why}): fetch "
            f"{wanted.group(1)} and give it with srbench metrics pull {PREFIX}{name} --from FILE"
        )


def _changed(name: str, model: Any) -> str:
    """Why an opened metric is not the one that was pulled; empty where it is, or none was."""
    file = WeightsOfPyiqa.of(name).cached
    if not file.is_file() or file.read_text(encoding="utf-8").strip() == state_hash(model):
        return ""
    return (
        f"the weights of {PREFIX}{name} are not those that were pulled; have these with "
        f"srbench metrics pull {PREFIX}{name}"
    )


def fetch(name: str, given: Sequence[Path] = ()) -> Path:
    """Gets the files of a metric by opening it once; `given` files are put beside them first.

    A file whose published name ends in the beginning of its SHA-256, as pyiqa's do, is verified by it.
    Returns their folder; `UserError` where a file is another one, or cannot be had.
    """
    bridge(name)
    for path in given:
        if not path.is_file():
            raise UserError(f"{path}: no such file")
        told = re.search(r"-([0-9a-f]{8})\.\w+$", path.name)
        if told and not file_hash(path).startswith(told.group(1)):
            raise UserError(
                f"{path} is not the published file: its sha256 does not begin with {told.group(1)}"
            )
        for folder in folders():
            shutil.copyfile(path, writable(folder) / path.name)
    state = WeightsOfPyiqa.of(name).destination
    before = state.read_text(encoding="utf-8") if state.is_file() else ""
    state.unlink(missing_ok=True)
    forget()
    opened = _model(name, "cpu")
    if isinstance(opened, str):
        if before:
            write_text(state, before)
        raise UserError(opened)
    write_text(writable(own_folder()) / state.name, state_hash(opened) + "\n")
    return own_folder()


def forget() -> None:
    """Closes the opened metrics of this process, which are read again from their files when needed."""
    _model.cache_clear()


def pulled(name: str) -> bool:
    """Whether `fetch` has got the files of a metric here."""
    return WeightsOfPyiqa.of(name).cached.is_file()


def licence_warning(names: Iterable[str]) -> str:
    """The line for metrics whose licence forbids commercial use; empty where there is none among them."""
    asked = ((f"{PREFIX}{found}" if (found := known_name(name)) else name) for name in names)
    bound = [name for name in asked if name.startswith(PREFIX)]
    return f"{', '.join(bound)}: {LICENSE}" if bound else ""


def _tensor(view: View) -> torch.Tensor:
    import torch

    pixels = torch.from_numpy(view.rgb.copy()).permute(2, 0, 1).unsqueeze(0)
    return pixels.to(view.device, torch.float32) / 255


def _evaluate(model: Any, images: list[torch.Tensor]) -> float:
    try:
        with measuring():
            value = float(model(*images))
    except Exception as error:  # sides that a network cannot take, say, are told by assertions
        raise Unscorable(f"pyiqa: {first_line(error)}") from error
    if math.isnan(value):
        raise Unscorable("pyiqa returns no number for this image")
    return value
