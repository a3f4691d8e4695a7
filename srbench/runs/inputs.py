"""Where the inputs of a run came from, in words: given or made, and how."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from srbench.core.records import Pair, Unscorable
from srbench.datasets.samples import takes_file
from srbench.methods.contract import Method
from srbench.protocols import Protocol

_MAKINGS = {
    ("matlab-bicubic", "clamp"): "MATLAB's bicubic reduction",
    ("matlab-bicubic", "symmetric"): "MATLAB's bicubic reduction with mirrored edges",
    ("matlab-bicubic-double", "clamp"): "MATLAB's bicubic reduction, never quantised",
    ("pil-lanczos", "clamp"): "PIL's Lanczos reduction",
    ("pil-lanczos", "symmetric"): "PIL's Lanczos reduction",
}


def inputs_of(methods: Iterable[Method], protocol: Protocol, pairs: Sequence[Pair]) -> dict[str, str]:
    """By method, where its inputs came from; methods that take none are left out."""
    found = {}
    for method in methods:
        if not method.inputs:
            continue
        try:
            degradation = protocol.degradation_for(method.inputs)
        except Unscorable:
            continue
        given = [
            pair for pair in pairs if takes_file(pair, degradation, protocol.edges, plane=protocol.plane)
        ]
        made = f"made, {_MAKINGS.get((degradation, protocol.edges), degradation)}"
        made += " of Y alone" if protocol.plane == "luma" else ""
        if pairs and pairs[0].scale == 1:
            made = "none, which at scale 1 are not made"
        found[method.name] = _words(pairs, given, made)
    return found


def _words(pairs: Sequence[Pair], given: Sequence[Pair], made: str) -> str:
    if not given:
        return made
    folders = dict.fromkeys(pair.low_resolution.parent.name for pair in given if pair.low_resolution)
    making = "unknown making" if given[0].input_kind == "unknown" else "MATLAB's bicubic reduction"
    said = f"given ({', '.join(folders) or 'a folder without images'}), {making}"
    return said if len(given) == len(pairs) else f"{said}; {len(pairs) - len(given)} {made}"
