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
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.core.files import cache_folder, file_hash
from srbench.core.records import Unscorable, UsageError, UserError
from srbench.core.text import network_reason
from srbench.core.weights import writable
from srbench.metrics.contract import Metric
from srbench.metrics.view import View

if TYPE_CHECKING:
    import torch

PREFIX = "pyiqa:"
_OF_SETS = ("FID", "InceptionScore")
LICENSE = "pyiqa: PolyForm Noncommercial 1.0.0 (no commercial use); its metrics have licences of their own"


@lru_cache(maxsize=64)
def bridge(name: str) -> Metric:
    """The metric of a name of pyiqa's; its direction and whether it needs a reference are pyiqa's."""
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
        title=PREFIX + name,
        unit="",
        higher_is_better=not configuration.get("lower_better", False),
        needs_reference=full_reference,
        source=f"pyiqa {version}, {name}; {LICENSE}",
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
    import pyiqa

    said = io.StringIO()
    try:
        with _own_cache(), contextlib.redirect_stdout(said):
            return pyiqa.create_metric(name, device=device)
    except Exception as error:  # pyiqa lets the errors of its downloads and of torch through
        why = network_reason(error)[:200]
        wanted = re.search(r'Downloading: "([^"]+)"', said.getvalue())
        if wanted is None:
            return f"pyiqa cannot open {name} ({why})"
        return (
            f"the weights of {PREFIX}{name} are not here and cannot be downloaded ({why}): fetch "
            f"{wanted.group(1)} and give it with srbench metrics pull {PREFIX}{name} --from FILE"
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
        shutil.copyfile(path, writable(_cache()) / path.name)
    _model.cache_clear()
    opened = _model(name, "cpu")
    if isinstance(opened, str):
        raise UserError(opened)
    return _cache()


def licence_warning(names: Iterable[str]) -> str:
    """The line for metrics whose licence forbids commercial use; empty where there is none among them."""
    bound = [name for name in names if name.startswith(PREFIX)]
    return f"{', '.join(bound)}: {LICENSE}" if bound else ""


def _cache() -> Path:
    return cache_folder() / "pyiqa"


@contextlib.contextmanager
def _own_cache() -> Iterator[None]:
    """pyiqa's files, and those that torch fetches for it, lie in our cache; elsewhere nothing is changed."""
    import torch
    from pyiqa.utils import download_util

    before = torch.hub.get_dir(), download_util.DEFAULT_CACHE_DIR
    torch.hub.set_dir(str(cache_folder()))
    download_util.DEFAULT_CACHE_DIR = str(_cache())
    try:
        yield
    finally:
        torch.hub.set_dir(before[0])
        download_util.DEFAULT_CACHE_DIR = before[1]


def _tensor(view: View) -> torch.Tensor:
    import torch

    pixels = torch.from_numpy(view.rgb.copy()).permute(2, 0, 1).unsqueeze(0)
    return pixels.to(view.device, torch.float32) / 255


def _evaluate(model: Any, images: list[torch.Tensor]) -> float:
    import torch

    with torch.inference_mode():
        value = float(model(*images))
    if math.isnan(value):
        raise Unscorable("pyiqa returns no number for this image")
    return value
