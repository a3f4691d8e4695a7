"""LPIPS networks that were trained on BAPPS as a whole: the paper's "scratch" and "tune" variants.

Their weights are a state dict of the `lpips` package's `LPIPS` module, trunk and linear layers together.
They are not published with the package; who has such a file names it on the command line.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.records import UsageError
from srbench.core.torch_files import fill, read_state_dict
from srbench.metrics.deep.features import ALEX, SQUEEZE, VGG, Backbone, Network, bare_layers
from srbench.metrics.deep.lpips import heads_from
from srbench.studies.bapps.distances import NetworkMetrics, feature_scorer

if TYPE_CHECKING:
    import torch

_TRUNK = re.compile(r"net\.slice\d+\.(\d+\..+)")


def parse_variant(text: str) -> tuple[str, Path]:
    """`lpips-alex-tune=FILE` as a name and a file; the second word of the name tells the network."""
    name, separator, file = text.partition("=")
    if not separator or not file or _backbone(name) is None:
        raise UsageError(
            f"--variant {text}: give NAME=FILE with a name like lpips-alex-tune, lpips-squeeze-scratch or "
            "lpips-vgg-mine"
        )
    return name, Path(file)


def open_variant(name: str, path: Path, device: str) -> NetworkMetrics:
    """A variant ready to score; `UserError` where the file is not a state dict of that LPIPS network."""
    import torch

    backbone = _backbone(name)
    assert backbone is not None
    if not path.is_file():
        raise UsageError(f"--variant {name}: no such file {path}")
    state = read_state_dict(path)
    trunk: dict[str, torch.Tensor] = {}
    for key, value in state.items():
        match = _TRUNK.fullmatch(key)
        if match:
            trunk[match[1]] = value.float()
    layers = bare_layers(backbone)
    mend = f"give another file with --variant {name}=FILE"
    fill(layers, trunk, path, f"LPIPS with {backbone.title}", mend=mend)
    network = Network(backbone, layers, device, torch.float32)
    weights = [head.to(device) for head in heads_from(state, backbone, path)]
    return NetworkMetrics(network, {name: feature_scorer(weights)})


def _backbone(name: str) -> Backbone | None:
    words = name.split("-")
    if len(words) < 3 or words[0] != "lpips":
        return None
    return {backbone.name: backbone for backbone in (ALEX, SQUEEZE, VGG)}.get(words[1])  # type: ignore[call-overload]
