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
PREFIXES = ("module.", "generator_ema.", "generator.", "model.", "netG.", "_orig_mod.")
# MMagic keeps all networks, counters and constants of a training in one dictionary; its own inference takes
# the averaged generator where there is one.
_MMAGIC_NETWORKS = ("generator_ema.", "generator.")
_MMAGIC_PARTS = (
    "generator",
    "discriminator",
    "step_counter",
    "data_preprocessor.",
    "perceptual_loss.",
    "loss",
)
_MOST_TENSORS = 100_000
_DEEPEST = 32  # wrappers in wrappers, modules in modules


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


def unwrapped(content: Any, source: str, depth: int = 0) -> Tensors:
    """The tensors of an object as training programs store it; see `read_tensors`."""
    from srbench.methods.files.checkpoints.unpickling import Placeholder

    if depth > _DEEPEST:
        raise UserError(f"{source} holds itself")
    if isinstance(content, Placeholder):
        tensors = module_tensors(content)
        if not tensors:
            raise UserError(f"{source} holds no named tensors")
        return tensors
    if not isinstance(content, dict):
        raise UserError(f"{source} holds no named tensors")
    for wrapper in WRAPPERS:
        if isinstance(content.get(wrapper), dict | Placeholder) and content[wrapper]:
            return unwrapped(content[wrapper], source, depth + 1)
    tensors = {str(name): value for name, value in content.items() if isinstance(value, np.ndarray)}
    if not tensors:
        raise UserError(f"{source} holds no named tensors")
    return _without_prefix(tensors)


def _without_prefix(tensors: Tensors) -> Tensors:
    for network in _MMAGIC_NETWORKS:
        found = {name: tensor for name, tensor in tensors.items() if name.startswith(network)}
        if found and all(name.startswith(_MMAGIC_PARTS) for name in tensors):
            tensors = found
            break
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in tensors) and not _is_first_generation(tensors):
            shorter = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
            return _without_prefix(shorter)
    return tensors


def _is_first_generation(tensors: Tensors) -> bool:
    return "model.0.weight" in tensors  # the oldest RRDB files number their layers under `model.`


def module_tensors(module: Any, prefix: str = "") -> Tensors:
    """The parameters and buffers of a pickled module, named as its `state_dict` would.

    `UserError` for modules that hold themselves.
    """
    if prefix.count(".") > _DEEPEST:
        raise UserError("a module of the file holds itself")
    state = module.state if isinstance(getattr(module, "state", None), dict) else {}
    tensors: Tensors = {}
    for group in ("_parameters", "_buffers"):
        for name, value in _items(state, group):
            if isinstance(value, np.ndarray):
                tensors[f"{prefix}{name}"] = value
    for name, child in _items(state, "_modules"):
        tensors.update(module_tensors(child, f"{prefix}{name}."))
        if len(tensors) > _MOST_TENSORS:
            raise UserError("the modules of the file repeat one another without end")
    return tensors


def _items(state: dict[str, Any], group: str) -> list[tuple[Any, Any]]:
    found = state.get(group)
    return list(found.items()) if isinstance(found, dict) else []
