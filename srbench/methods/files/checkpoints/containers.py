"""What a checkpoint file holds: named tensors, whatever wraps them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from srbench.core.records import UserError

if TYPE_CHECKING:
    from srbench.core.weights import Tensors

# Keys under which training programs put the weights, the averaged ones first (BasicSR: params_ema).
WRAPPERS = ("params_ema", "params", "state_dict", "model_state_dict", "model", "generator", "net_g", "net")
PREFIXES = ("module.", "generator.", "model.", "netG.", "_orig_mod.")


def read_tensors(path: Path) -> Tensors:
    """The named tensors of a checkpoint of any supported format, recognised by its content.

    Wrappers (`state_dict`, `params_ema`, ...) and prefixes that all names share (`module.`, `generator.`)
    are removed. `UserError` where there are no tensors or the file cannot be read safely.
    """
    return unwrapped(_read(path), str(path))


def _read(path: Path) -> Any:
    try:
        with path.open("rb") as stream:
            start = stream.read(16)
            stream.seek(0, 2)
            stream.seek(max(stream.tell() - 8, 0))
            end = stream.read()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error})") from None
    if start[8:9] == b"{":
        from srbench.core.weights import load

        return load(path)[0]
    if end == bytes.fromhex("57fb808b247547db") or not start.startswith((b"PK", b"\x80")):
        from srbench.methods.files.checkpoints.tensorflow1 import read_checkpoint

        return read_checkpoint(path)
    from srbench.methods.files.checkpoints.pickles import read_pickled

    return read_pickled(path)


def unwrapped(content: Any, source: str) -> Tensors:
    """The tensors of an object as training programs store it; see `read_tensors`."""
    from srbench.methods.files.checkpoints.pickles import Placeholder

    if isinstance(content, Placeholder):
        return module_tensors(content)
    if not isinstance(content, dict):
        raise UserError(f"{source} holds no named tensors")
    for wrapper in WRAPPERS:
        if isinstance(content.get(wrapper), dict | Placeholder) and content[wrapper]:
            return unwrapped(content[wrapper], source)
    tensors = {str(name): value for name, value in content.items() if isinstance(value, np.ndarray)}
    if not tensors:
        raise UserError(f"{source} holds no named tensors")
    return _without_prefix(tensors)


def _without_prefix(tensors: Tensors) -> Tensors:
    generator = {name: tensor for name, tensor in tensors.items() if name.startswith("generator.")}
    if generator and any(name.startswith("discriminator.") for name in tensors):
        tensors = generator  # MMagic keeps both networks and counters in one dictionary
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in tensors) and not _is_first_generation(tensors):
            shorter = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
            return _without_prefix(shorter)
    return tensors


def _is_first_generation(tensors: Tensors) -> bool:
    return "model.0.weight" in tensors  # the oldest RRDB files number their layers under `model.`


def module_tensors(module: Any, prefix: str = "") -> Tensors:
    """The parameters and buffers of a pickled module, named as its `state_dict` would."""
    state = module.state if isinstance(getattr(module, "state", None), dict) else {}
    tensors: Tensors = {}
    for group in ("_parameters", "_buffers"):
        for name, value in (state.get(group) or {}).items():
            if isinstance(value, np.ndarray):
                tensors[f"{prefix}{name}"] = value
    for name, child in (state.get("_modules") or {}).items():
        tensors.update(module_tensors(child, f"{prefix}{name}."))
    return tensors
