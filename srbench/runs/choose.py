"""What was asked for and can run here, and why the rest cannot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, TypeVar

from srbench.core.records import UsageError, UserError
from srbench.core.registry import split_names
from srbench.images.codec import Bits
from srbench.methods.catalogue import METHODS, is_foreign
from srbench.methods.catalogue import resolve as resolve_method
from srbench.methods.contract import Method
from srbench.metrics.catalogue import METRICS
from srbench.metrics.catalogue import resolve as resolve_metric
from srbench.metrics.contract import Metric
from srbench.protocols import Protocol

T = TypeVar("T")
Names = str | Sequence[str]  # as on the command line, or one by one

ALL = "all"
_RANGE = re.compile(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")
DEFAULT = "default"


@dataclass(frozen=True)
class Choice(Generic[T]):
    """What of a list can run, by the name under which it can be resolved again, and what cannot.

    `refused` were asked for by name; `skipped` are those that "all" or "default" leaves out. Both tell why.
    """

    usable: dict[str, T] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def required(self) -> Choice[T]:
        """This choice, where everything that was named can run; else a `UserError` about the first."""
        for name, reason in self.refused.items():
            raise UserError(f"{name} cannot run here: {reason}")
        return self


@dataclass(frozen=True)
class Selection:
    """The methods and metrics of one command."""

    methods: Choice[Method]
    metrics: Choice[Metric]

    @property
    def skipped(self) -> dict[str, str]:
        """What "all" and "default" leave out, with reasons."""
        return self.methods.skipped | self.metrics.skipped

    def runs_foreign_code(self) -> bool:
        """Whether a method or metric is the user's own code or model, which may end or hang its process."""
        return any(map(is_foreign, self.methods.usable.values())) or any(
            map(METRICS.is_plugged, self.metrics.usable)
        )

    def refusals(self) -> dict[tuple[str, str], str]:
        """Why each (method, metric) that was asked for by name cannot run at all."""
        metrics = [*self.metrics.usable, *self.metrics.refused]
        methods = [method.name for method in self.methods.usable.values()]
        reasons = {
            (method, metric): why for method, why in self.methods.refused.items() for metric in metrics
        }
        for metric, why in self.metrics.refused.items():
            reasons |= {(method, metric): why for method in methods}
        return reasons


def choose(methods: Names, metrics: Names, scale: int, protocol: Protocol) -> Selection:
    """Reads the lists of `--methods` and `--metrics`.

    `UsageError` for names that nothing has, `UserError` where no method or no metric can run.
    """
    selection = Selection(
        choose_methods(methods, scale, bits=protocol.bits), choose_metrics(metrics, protocol)
    )
    _require_one("metric", selection.metrics)
    _require_one("method", selection.methods)
    return selection


def choose_methods(
    names: Names, scale: int, *, bits: Bits = 8, listed: Callable[[Method], bool] = lambda _: True
) -> Choice[Method]:
    """The methods of a list at a scale, for images of `bits` a channel; "all" are those of the registered
    ones that are `listed`."""
    specs = [member for name in names_of(names, "--methods") for member in family(name)]
    everything = specs == [ALL]
    choice: Choice[Method] = Choice()
    known: set[str] = set()
    for spec in METHODS.names() if everything else specs:
        method = resolve_method(spec)
        if everything and not listed(method):
            continue
        if method.name in known:
            raise UsageError(
                f"two methods are called {method.name}; name one with outputs:DIR:NAME or FILE:name=NAME"
            )
        known.add(method.name)
        reason = method.refuses_bits(bits) or method.refuses(scale) or method.unavailable()
        if reason is None:
            choice.usable[spec] = method
        else:
            (choice.skipped if everything else choice.refused)[method.name] = reason
    return choice


def family(name: str) -> list[str]:
    """The members of `A@0:1:0.1` (from, to, step): `A@0`, `A@0.1`, …, `A@1`; other names alone."""
    stem, _, text = name.rpartition("@")
    found = _RANGE.fullmatch(text)
    if found is None or not stem:
        return [name]
    first, last, step = (Decimal(part) for part in found.groups())
    if step == 0 or last < first:
        raise UsageError(f"{name}: write A@FROM:TO:STEP, as in {stem}@0:1:0.1")
    count = int((last - first) / step)
    return [f"{stem}@{float(first + index * step):g}" for index in range(count + 1)]


def choose_metrics(
    names: Names, protocol: Protocol, *, listed: Callable[[Metric], bool] = lambda _: True
) -> Choice[Metric]:
    """The metrics of a list; "all" and "default" (the protocol's) stand for those that are `listed`."""
    asked = names_of(names, "--metrics")
    named = asked not in ([ALL], [DEFAULT])
    choice: Choice[Metric] = Choice()
    for name in _all_or_default(asked, protocol):
        metric = resolve_metric(name)
        if not named and not listed(metric):
            continue
        reason = metric.unavailable()
        if reason is None:
            choice.usable[metric.name] = metric
        else:
            (choice.refused if named else choice.skipped)[metric.name] = reason
    return choice


def names_of(names: Names, option: str) -> list[str]:
    """The names of a list in either form; `UsageError` when there are none."""
    if isinstance(names, str):
        return split_names(names, option)
    if not names:
        raise UsageError(f"{option} is empty; give names")
    return list(dict.fromkeys(names))


def _all_or_default(asked: list[str], protocol: Protocol) -> Iterable[str]:
    if asked == [ALL]:
        return METRICS.names()
    return protocol.metrics if asked == [DEFAULT] else asked


def _require_one(what: str, choice: Choice[T]) -> None:
    if choice.usable:
        return
    reasons = {**choice.refused, **choice.skipped}
    raise UserError(f"no {what} can run: " + "; ".join(f"{name}: {why}" for name, why in reasons.items()))
