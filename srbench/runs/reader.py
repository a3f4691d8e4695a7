"""Reads finished runs from their files, and merges several that agree.

A run folder is `scores.csv` and `run.json`; where its store is there too, the table must be what the store
says, so that a table edited by hand is noticed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from srbench.core.records import Score, UserError
from srbench.core.text import SMALL, rounded
from srbench.methods.catalogue import METHODS
from srbench.runs.scores_csv import describe, place, read_scores
from srbench.runs.store import FORMAT, Store
from srbench.tables.boards import Board, MetricInfo, boards

# Values of the same images differ between machines by rounding only, and that by less than this.
_AGREEMENT = 1e-6
_AGREEMENT_NEAR_ZERO = 1e-3  # of the value: Gram distances are single-precision sums between 1e-8 and 1e-4
_KINDS = ("protocols", "datasets", "methods", "metrics")
# What must be equal where two runs use the same name; the rest of a fact is prose.
_DECISIVE = {
    "protocols": (
        "version", "border", "luma", "gray", "degradation", "edges", "own_methods", "own_degradation",
        "lpips_region",
    ),
    "methods": ("version", "weights"),
    "metrics": ("version", "weights", "higher_is_better", "aggregate"),
}  # fmt: skip


@dataclass(frozen=True)
class RunData:
    """The scores of a run, or of several merged, and what their names stand for.

    `facts` has the kinds protocols, datasets, methods and metrics, each by name, as in `run.json`;
    `records` are the commands that made it.
    """

    name: str
    scores: list[Score]
    facts: dict[str, dict[str, Any]]
    records: list[dict[str, Any]]

    def metrics(self) -> dict[str, MetricInfo]:
        """The metrics in the order of their registration."""
        known = self.facts["metrics"]
        names = sorted({score.metric for score in self.scores}, key=lambda name: _order(known, name))
        return {name: _metric_info(name, known.get(name)) for name in names}

    def references(self) -> set[str]:
        """The methods that are the reference itself, and so are not ranked."""
        return {name for name, fact in self.facts["methods"].items() if fact.get("kind") == "reference"}

    def boards(self) -> list[Board]:
        """The leaderboards of everything in these scores."""
        return boards(
            self.scores,
            self.metrics(),
            method_order=METHODS.names(),
            references=self.references(),
            remarks=method_remarks(self.facts["methods"]),
        )


def _order(known: dict[str, Any], name: str) -> tuple[int, str]:
    return (known.get(name, {}).get("order", len(known)), name)


def _metric_info(name: str, fact: dict[str, Any] | None) -> MetricInfo:
    names = {field.name for field in fields(MetricInfo)}
    if fact is None or not names <= fact.keys():
        return MetricInfo(name, name, "", higher_is_better=True, aggregate="mean")
    return MetricInfo(**{key: fact[key] for key in names})


def read_run(folder: Path) -> RunData:
    """A run from its files; one line where it is incomplete, of another format or edited by hand."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; make a run with: srbench run --out {folder}")
    for name in ("scores.csv", "run.json"):
        if not (folder / name).is_file():
            raise UserError(
                f"{folder} is not a finished run: it has no {name}; write it with: srbench table {folder}"
            )
    description = _description(folder / "run.json")
    scores = read_scores(folder / "scores.csv")
    if not scores:
        raise UserError(
            f"{folder / 'scores.csv'} has no rows; finish the run with: srbench run --out {folder}"
        )
    if (folder / "store.sqlite").is_file():
        _compare_with_store(folder, scores)
    return RunData(
        name=folder.resolve().name,
        scores=scores,
        facts={kind: description[kind] for kind in _KINDS},
        records=description["runs"],
    )


def _description(path: Path) -> dict[str, Any]:
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is damaged or was edited by hand ({error})") from None
    if not isinstance(description, dict) or "format" not in description:
        raise UserError(f"{path} does not describe a run")
    if description["format"] != FORMAT:
        raise UserError(
            f"{path} has format {description['format']}, this srbench reads format {FORMAT}; run it again"
        )
    for kind in (*_KINDS, "runs"):
        if not isinstance(description.get(kind), list if kind == "runs" else dict):
            raise UserError(f"{path} is damaged or was edited by hand (it has no {kind})")
    return description


def _compare_with_store(folder: Path, scores: list[Score]) -> None:
    with Store(folder) as store:
        stored = {place(score): (score.value, score.status) for score in store.results()}
    table = {place(score): (score.value, score.status) for score in scores}
    changed = sorted(where for where in stored.keys() | table.keys() if stored.get(where) != table.get(where))
    if changed:
        raise UserError(
            f"{folder / 'scores.csv'} is not what the run's store says ({len(changed)} rows differ, first "
            f"{describe(changed[0])}): edited by hand or out of date; write it again with: "
            f"srbench table {folder}"
        )


def merge(runs: list[RunData]) -> RunData:
    """Several runs as one; refused where they disagree on a number or on what a name stands for."""
    facts: dict[str, dict[str, Any]] = {kind: {} for kind in _KINDS}
    origin: dict[tuple[str, str], str] = {}
    scores: dict[tuple[str, int, str, str, str, str], tuple[Score, str]] = {}
    for run in runs:
        for kind in _KINDS:
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
    )


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
        if earlier.get(field) != fact.get(field):
            raise UserError(
                f"the runs {runs[0]} and {runs[1]} mean different things by the {kind[:-1]} {name}: "
                f"{field} is {_short(earlier.get(field))} and {_short(fact.get(field))}; "
                "leave one of them out"
            )


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
    return {**earlier, "images": images}


def _merge_score(known: dict[Any, tuple[Score, str]], score: Score, run: str) -> None:
    key = place(score)
    earlier, where = known.setdefault(key, (score, run))
    if earlier.value is None:
        known[key] = (score, run) if score.value is not None else (earlier, where)
    elif score.value is not None and not _agree(earlier.value, score.value):
        raise UserError(
            f"the runs {where} and {run} disagree: {describe(key)} is {rounded(earlier.value, 6)} and "
            f"{rounded(score.value, 6)}; leave one of them out"
        )


def _agree(a: float, b: float) -> bool:
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
    return RunData(run.name, keep_rows(run.scores, chosen), run.facts, run.records)


def keep_rows(scores: Iterable[Score], protocol: str) -> list[Score]:
    """The scores under one protocol."""
    return [score for score in scores if score.protocol == protocol]


def metric_infos(store: Store, scores: Sequence[Score]) -> dict[str, MetricInfo]:
    """The metrics of a run in the order of their registration, as the run recorded them."""
    names = {field.name for field in fields(MetricInfo)}
    facts = store.facts("metric")
    order = sorted(facts, key=lambda name: facts[name]["order"])
    known = {
        name: MetricInfo(**{key: value for key, value in facts[name].items() if key in names})
        for name in order
    }
    for name in sorted({score.metric for score in scores} - known.keys()):
        known[name] = MetricInfo(name, name, "", higher_is_better=True, aggregate="mean")
    return known


def reference_methods(store: Store) -> set[str]:
    """The methods of a run that are the reference itself, and so are not ranked."""
    return {name for name, fact in store.facts("method").items() if fact["kind"] == "reference"}


def method_remarks(facts: dict[str, Any]) -> dict[str, str]:
    """What readers must know of methods, from a run's facts about them."""
    return {name: fact["remark"] for name, fact in facts.items() if fact.get("remark")}
