"""From published checkpoints to the tensors of our networks: which names mean which layers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from srbench.core.weights import Tensors
    from srbench.methods.networks.specification import NetworkSpec

Renaming = Callable[["Tensors"], "Tensors"]
Rules = tuple[tuple[str, str], ...]


def converter(spec: NetworkSpec, *renamings: Renaming) -> Callable[[Path], Tensors]:
    """What turns a published file into the tensors of `spec`'s network: read, rename, check every one."""

    def convert(path: Path) -> Tensors:
        import numpy as np

        from srbench.methods.files.checkpoints.containers import read_tensors
        from srbench.methods.files.checkpoints.fitting import fitted

        tensors = read_tensors(path)
        # Marks instead of tensors go the same way, so that messages can say what the file calls them.
        names = list(tensors)
        marks: Tensors = {name: np.array([place]) for place, name in enumerate(names)}
        for rename in renamings:
            tensors, marks = rename(tensors), rename(marks)
        return fitted(tensors, spec, path.name, {new: names[int(mark[0])] for new, mark in marks.items()})

    return convert


def renamed(tensors: Tensors, rules: Rules) -> Tensors:
    """Each name by the first rule whose pattern matches its beginning; others stay as they are."""
    result = {}
    for name, tensor in tensors.items():
        for pattern, replacement in rules:
            if re.match(pattern, name):
                name = re.sub(rf"^(?:{pattern})", replacement, name, count=1)  # noqa: PLW2901
                break
        result[name] = tensor
    return result
