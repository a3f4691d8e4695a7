"""What a finished run says: its scores, and what their names stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from srbench.core.records import Score
from srbench.methods.catalogue import METHODS
from srbench.metrics.catalogue import METRICS
from srbench.runs.store import Store, content_key
from srbench.statistics.intervals import UNBOUNDED
from srbench.tables.boards import Board, MetricInfo, SetScore, boards, with_sets
from srbench.tables.opinions import Opinions, with_opinions

KINDS = ("protocols", "datasets", "methods", "metrics")
SET = "set"  # the kind of a store's facts that are values of metrics of sets


@dataclass(frozen=True)
class RunData:
    """The scores of a run, or of several merged, and what their names stand for.

    `facts` has the `KINDS`, each by name, as in `run.json`; `records` are the commands that made it;
    `opinions` are of studies whose columns the leaderboards get (`srbench.runs.opinions`), `sets` the values
    of metrics of whole sets.
    """

    name: str
    scores: list[Score]
    facts: dict[str, dict[str, Any]]
    records: list[dict[str, Any]]
    opinions: tuple[Opinions, ...] = ()
    sets: tuple[SetScore, ...] = ()

    def metrics(self) -> dict[str, MetricInfo]:
        """The metrics in the order of their registration."""
        known = self.facts["metrics"]
        names = sorted({score.metric for score in self.scores}, key=lambda name: _order(known, name))
        return {name: _metric_info(name, known.get(name)) for name in names}

    def references(self) -> set[str]:
        """The methods that are the reference itself, and so are not ranked."""
        return {name for name, fact in self.facts["methods"].items() if fact.get("kind") == "reference"}

    def remarks(self) -> dict[str, str]:
        """What readers must know of methods, by name."""
        facts = self.facts["methods"]
        return {name: fact["remark"] for name, fact in facts.items() if fact.get("remark")}

    def origins(self) -> dict[str, str]:
        """Whose work methods are, by name; runs of before origins were kept have them of some only."""
        facts = self.facts["methods"].items()
        return {name: origin for name, fact in facts if (origin := fact.get("origin") or _origin(fact))}

    def title_of(self, board: Board) -> str:
        """What pages call a board's data set: its title, of a folder of the user's its name alone."""
        title = self.facts["datasets"].get(f"{board.dataset} x{board.scale}", {}).get("title", "")
        return board.dataset if "/" in title or "\\" in title else title or board.dataset

    def boards(self) -> list[Board]:
        """The leaderboards of everything in these scores."""
        made = boards(
            self.scores,
            self.metrics(),
            method_order=self._method_order(),
            references=self.references(),
            remarks=self.remarks(),
            notes=_board_notes(self.facts["datasets"]),
            origins=self.origins(),
        )
        of = {(one.dataset, one.scale): one for one in self.opinions}
        return [
            with_sets(
                with_opinions(board, found) if (found := of.get((board.dataset, board.scale))) else board,
                self.sets,
            )
            for board in made
        ]

    def _method_order(self) -> list[str]:
        """The methods as they were registered; runs of before that was kept, as they are now."""
        known = self.facts["methods"]
        if any("order" not in fact for fact in known.values()):
            return METHODS.names()
        return sorted(known, key=lambda name: _order(known, name))


def _origin(fact: dict[str, Any]) -> str:
    if str(fact.get("remark", "")).startswith("trained with srbench"):
        return "trained with srbench"
    return str(fact["kind"]) if fact.get("kind") in ("interpolation", "reference") else ""


def _order(known: dict[str, Any], name: str) -> tuple[int, str]:
    return (known.get(name, {}).get("order", len(known)), name)


def _metric_info(name: str, fact: dict[str, Any] | None) -> MetricInfo:
    required = {field.name for field in fields(MetricInfo)} - {"bounds", "of_set"}
    if fact is None or not required <= fact.keys():
        if name in METRICS:  # a guess would turn the order of errors and distances round
            known = METRICS.get(name)
            return MetricInfo(
                known.name, known.title, known.unit, known.higher_is_better, known.aggregate, known.bounds
            )
        return MetricInfo(name, name, "", higher_is_better=True, aggregate="mean")
    bounds = fact.get("bounds")
    if bounds is None:
        # Runs of earlier versions do not say.
        bounds = METRICS.get(name).bounds if name in METRICS.names() else UNBOUNDED
    return MetricInfo(**{key: fact[key] for key in required}, bounds=tuple(bounds))


def _inputs_line(by_method: Mapping[str, str]) -> str:
    """The line of a table's caption; empty where nothing is known."""
    groups: dict[str, list[str]] = {}
    for method, said in by_method.items():
        groups.setdefault(said, []).append(method)
    if len(groups) == 1:
        return f"inputs: {next(iter(groups))}"
    parts = [f"{said} ({', '.join(methods)})" for said, methods in groups.items()]
    return f"inputs: {'; '.join(parts)}" if parts else ""


def _shard_note(fact: dict[str, Any]) -> str:
    """The line of a table's caption; empty where the data set is whole."""
    shards = fact.get("shards")
    if not shards:
        return ""
    done = ", ".join(map(str, shards["done"]))
    return f"only shard {done} of {shards['of']}: these are not the data set's values; see srbench merge"


def _board_notes(datasets: Mapping[str, Any]) -> dict[tuple[str, int, str], tuple[str, ...]]:
    """What captions say of data sets, by name, scale and protocol, from a run's facts about them."""
    notes = {}
    for place, fact in datasets.items():
        name, _, scale = place.rpartition(" x")
        for protocol, by_method in fact.get("inputs", {}).items():
            lines = (_shard_note(fact), _inputs_line(by_method), fact.get("remark", ""))
            notes[name, int(scale), protocol] = tuple(line for line in lines if line)
    return notes


def stored_run(store: Store) -> RunData:
    """What a store has of its run."""
    facts = {kind: store.facts(kind.removesuffix("s")) for kind in KINDS}
    name = store.path.parent.resolve().name
    return RunData(name, store.results(), facts, store.runs(), sets=stored_sets(store))


def stored_sets(store: Store) -> tuple[SetScore, ...]:
    """The values of metrics of sets, but for those of outputs that were made again since."""
    found = [SetScore(**fact) for fact in store.facts(SET).values()]
    now = outputs_of(store) if found else {}
    return tuple(one for one in found if content_key(now.get(one.place)) == one.outputs)


def outputs_of(store: Store) -> dict[tuple[str, str, int, str], dict[str, str]]:
    """The hashes of the outputs' pixels by (method, data set, scale, protocol), then by image."""
    found: dict[tuple[str, str, int, str], dict[str, str]] = {}
    for *place, image, output in store.fetch(
        "SELECT DISTINCT method, dataset, scale, protocol, image, output FROM results WHERE output <> ''"
    ):
        found.setdefault((place[0], place[1], place[2], place[3]), {})[image] = output
    return found
