"""Network interpolation between any two files of one network (ESRGAN, section 3.4)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.core.records import UsageError
from srbench.methods.contract import Method
from srbench.methods.networks.method import NetworkMethod

if TYPE_CHECKING:
    from srbench.core.weights import Tensors


def interpolate_files(
    first: str, second: str, alpha: float, out: Path, resolve: Callable[[str], Method]
) -> None:
    """Writes (1 - alpha) `first` + alpha `second` as safetensors, with where it comes from.

    Each is a checkpoint file or the name of a method, which `resolve` gives; files of networks that this
    package knows may use
    different generations of names. `UserError` where the two are not of one network.
    """
    if not 0 <= alpha <= 1:
        raise UsageError(f"alpha is a number from 0 to 1, not {alpha:g}")
    if out.suffix != ".safetensors":
        raise UsageError(f"{out}: the result is written as .safetensors; name it so")
    from safetensors.numpy import save_file

    from srbench.core.files import atomic_file

    (tensors_a, origin_a), (tensors_b, origin_b) = (_tensors(name, resolve) for name in (first, second))
    mixed = interpolate(tensors_a, tensors_b, alpha)
    metadata = {"alpha": repr(alpha), "first": origin_a, "second": origin_b, "made_by": "srbench interpolate"}
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(out) as temporary:
        save_file(mixed, temporary, metadata=metadata)


def interpolate(first: Tensors, second: Tensors, alpha: float) -> Tensors:
    """(1 - alpha) first + alpha second, tensor by tensor, in single precision at least.

    Exactly an end point at 0 and 1.

    `UsageError` that names the tensor where the two are not of one network.
    """
    import numpy as np

    for name in {**first, **second}:
        shapes = [tensors[name].shape if name in tensors else None for tensors in (first, second)]
        if shapes[0] != shapes[1]:
            raise UsageError(
                f"the networks differ: the tensor {name} is {shapes[0]} in one, {shapes[1]} in the other"
            )
    if alpha in (0.0, 1.0):
        return dict(second if alpha else first)
    result = {}
    for name, tensor in first.items():
        if np.issubdtype(tensor.dtype, np.floating):
            mixed = (1 - alpha) * tensor.astype(np.float64) + alpha * second[name].astype(np.float64)
            result[name] = mixed.astype(np.promote_types(tensor.dtype, np.float32))
        else:  # counters
            result[name] = second[name] if alpha >= 0.5 else tensor
    return result


def _tensors(name: str, resolve: Callable[[str], Method]) -> tuple[Tensors, str]:
    """The tensors of a method or file, and what identifies it."""
    from srbench.core.files import file_hash

    path = Path(name)
    if path.is_file():
        from srbench.methods.families.build import Recognised
        from srbench.methods.files.checkpoints.containers import read_tensors
        from srbench.methods.files.loading import recognise

        tensors = read_tensors(path)
        known = recognise(tensors, path.name)
        own = known.tensors if isinstance(known, Recognised) else tensors
        return own, f"{path.name} sha256 {file_hash(path)}"
    method = resolve(name)
    if not isinstance(method, NetworkMethod):
        raise UsageError(
            f"{name} is not a network; srbench interpolate takes two networks or checkpoint files"
        )
    from srbench.core.weights import load

    path = method.weight_path()
    return load(path)[0], f"{name} sha256 {file_hash(path)}"
