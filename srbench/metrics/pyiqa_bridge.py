"""`pyiqa:<name>`: any metric of pyiqa as a column of our tables.

pyiqa decides what its metrics compute; srbench decides what they see: the output and the reference as
RGB in [0, 1], after the protocol's border crop. Note that pyiqa's own defaults differ from the tables of
super-resolution papers: its `psnry` and `ssim` use full-range YIQ luma, for example.
"""

from __future__ import annotations

import difflib
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from srbench.core.records import Unscorable, UsageError, UserError
from srbench.metrics.contract import Metric
from srbench.metrics.view import View

if TYPE_CHECKING:
    import torch

PREFIX = "pyiqa:"
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
            "weights with pyiqa's own download"
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
    return str(pyiqa.__version__), dict(DEFAULT_CONFIGS[name])


@lru_cache(maxsize=16)
def _model(name: str, device: str) -> Any:
    """The opened metric, or the reason why it does not open: a failed download is tried only once."""
    import pyiqa

    try:
        return pyiqa.create_metric(name, device=device)
    except Exception as error:  # pyiqa lets the errors of its downloads and of torch through
        text = " ".join(str(error).split())[:200]
        return f"pyiqa cannot open {name} ({text or type(error).__name__}); its weights may be missing"


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
