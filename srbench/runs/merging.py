"""Several runs as one, where they agree."""

from __future__ import annotations

import json
import math
from typing import Any

from srbench.core.records import Score, UserError
from srbench.runs.data import KINDS, RunData
from srbench.runs.scores_csv import describe, place
from srbench.runs.shards import joined
from srbench.tables.boards import SetScore
from srbench.tables.text import SMALL, rounded

# Values of the same images differ between machines by rounding only, and that by less than this.
_AGREEMENT = 1e-6
_AGREEMENT_NEAR_ZERO = 1e-3  # of the value: Gram distances are single-precision sums between 1e-8 and 1e-4
# Distances of sets are sums of many single-precision features.
_SETS_AGREE = {"rel_tol": 1e-3, "abs_tol": 1e-4}
# What must be equal where two runs use the same name; the rest of a fact is prose.
_DECISIVE = {
    "protocols": (
        "version", "border", "luma", "gray", "degradation", "edges", "own_degradation",
        "own_gray", "lpips_region", "plane", "bits",
    ),
    "methods": ("version", "weights", "files"),
    "metrics": ("version", "weights", "higher_is_better", "aggregate"),
}  # fmt: skip


def merge(runs: list[RunData]) -> RunData:
    """Several runs as one; refused where they disagree on a number or on what a name stands for."""
    facts: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    origin: dict[tuple[str, str], str] = {}
    scores: dict[tuple[str, int, str, str, str, str], tuple[Score, str]] = {}
    for run in runs:
        for kind in KINDS:
            for name, fact in run.facts[kind].items():
                _merge_fact(facts[kind], kind, name, fact, (origin.get((kind, name), ""), run.name))
                origin.setdefault((kind, name), run.name)
        for score in run.scores:
            _merge_score(scores, score, run.name)
    return RunData(
        name=" + ".join(run.name for run in runs),
        scores=[scores[key][0] for key in sorted(scores)],
        facts=facts,
        records=[record for run in runs for record in run.records],
        sets=_merged_sets(runs),
    )


def _merged_sets(runs: list[RunData]) -> tuple[SetScore, ...]:
    """The values of sets of all runs; where two have one of the same outputs, it must be the same."""
    known: dict[tuple[object, ...], tuple[SetScore, str]] = {}
    for run in runs:
        for one in run.sets:
            earlier, where = known.setdefault((*one.place, one.metric), (one, run.name))
            if earlier.value is None:
                known[*one.place, one.metric] = (one, run.name)
            elif one.value is not None and not math.isclose(earlier.value, one.value, **_SETS_AGREE):
                raise UserError(
                    f"the runs {where} and {run.name} disagree: {one.metric} of {one.method} on "
                    f"{one.dataset} x{one.scale} is {rounded(earlier.value, 6)} and "
                    f"{rounded(one.value, 6)}; leave one of them out"
                )
    return tuple(one for one, _ in known.values())


def _merge_fact(
    known: dict[str, Any], kind: str, name: str, fact: dict[str, Any], runs: tuple[str, str]
) -> None:
    earlier = known.setdefault(name, fact)
    if earlier is fact:
        return
    if kind == "datasets":
        known[name] = _merged_dataset(name, earlier, fact, runs)
        return
    for field in _DECISIVE[kind]:
        one, other = (_content(field, each) for each in (earlier, fact))
        if one != other:
            raise UserError(
                f"the runs {runs[0]} and {runs[1]} mean different things by the {kind[:-1]} {name}: "
                f"{field} is {_short(one)} and {_short(other)}; leave one of them out"
            )


def _content(field: str, fact: dict[str, Any]) -> Any:
    """What a field of a fact says; files of a user's are the same wherever they lie."""
    found = fact.get(field)
    return sorted(found.values()) if field == "files" and found else found or None


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 90 else text[:87] + "…"


def _merged_dataset(
    name: str, earlier: dict[str, Any], fact: dict[str, Any], runs: tuple[str, str]
) -> dict[str, Any]:
    images = {**earlier.get("images", {})}
    for image, hashes in fact.get("images", {}).items():
        if images.setdefault(image, hashes).get("reference") != hashes.get("reference"):
            raise UserError(
                f"the runs {runs[0]} and {runs[1]} have different references for the image {image} of "
                f"{name}; leave one of them out"
            )
    inputs = {**earlier.get("inputs", {})}
    for protocol, by_method in fact.get("inputs", {}).items():
        inputs[protocol] = {**inputs.get(protocol, {}), **by_method}
    shards = joined([earlier.get("shards"), fact.get("shards")])
    whole = {name: value for name, value in earlier.items() if name != "shards"}
    return whole | {"images": images, "inputs": inputs} | ({"shards": shards} if shards else {})


def _merge_score(known: dict[Any, tuple[Score, str]], score: Score, run: str) -> None:
    key = place(score)
    earlier, where = known.setdefault(key, (score, run))
    if earlier.value is None:
        known[key] = (score, run) if score.value is not None else (earlier, where)
    elif score.value is not None and not agree(earlier.value, score.value):
        raise UserError(
            f"the runs {where} and {run} disagree: {describe(key)} is {rounded(earlier.value, 6)} and "
            f"{rounded(score.value, 6)}; leave one of them out"
        )


def agree(a: float, b: float) -> bool:
    """Whether two values of the same image can come from different machines."""
    if max(abs(a), abs(b)) < SMALL:
        return math.isclose(a, b, rel_tol=_AGREEMENT_NEAR_ZERO)
    return a == b or math.isclose(a, b, rel_tol=_AGREEMENT, abs_tol=_AGREEMENT)


def only_protocol(run: RunData, protocol: str) -> RunData:
    """The rows under one protocol; without a name there must be only one."""
    present = sorted({score.protocol for score in run.scores})
    if not protocol and len(present) > 1:
        raise UserError(
            f"the runs were measured under different protocols ({', '.join(present)}), whose numbers do not "
            "belong in one table; choose one with --protocol"
        )
    chosen = protocol or present[0]
    if chosen not in present:
        raise UserError(f"no run was measured under the protocol {chosen}; there are: {', '.join(present)}")
    kept = [score for score in run.scores if score.protocol == chosen]
    sets = tuple(one for one in run.sets if one.protocol == chosen)
    return RunData(run.name, kept, run.facts, run.records, sets=sets)
