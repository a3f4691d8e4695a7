"""What was asked for and can run here, and why the rest cannot."""

from __future__ import annotations

from dataclasses import dataclass

from srbench.core.records import UsageError, UserError
from srbench.methods.catalogue import METHODS, split_methods
from srbench.methods.catalogue import resolve as resolve_method
from srbench.methods.contract import Method
from srbench.metrics.catalogue import METRICS
from srbench.metrics.catalogue import resolve as resolve_metric
from srbench.metrics.contract import Metric
from srbench.protocols import Protocol


@dataclass(frozen=True)
class Selection:
    """What was asked for and can run, and what cannot with its reason.

    `methods` holds each method by the name under which it can be resolved again. `refused_methods` and
    `refused_metrics` were asked for by name; `skipped` are those that `all` leaves out.
    """

    methods: dict[str, Method]
    metrics: tuple[Metric, ...]
    refused_methods: dict[str, str]
    refused_metrics: dict[str, str]
    skipped: dict[str, str]


def select(methods: str, metrics: str, scale: int, protocol: Protocol) -> Selection:
    """Reads the lists of `--methods` and `--metrics`; `UsageError` for names that nothing has."""
    usable_methods: dict[str, Method] = {}
    usable_metrics: dict[str, Metric] = {}
    refused_methods: dict[str, str] = {}
    refused_metrics: dict[str, str] = {}
    skipped: dict[str, str] = {}
    everything = methods.strip() == "all"
    for spec in METHODS.names() if everything else _method_specs(methods):
        method = resolve_method(spec)
        if method.name in {known.name for known in usable_methods.values()}:
            raise UsageError(
                f"two methods are called {method.name}; name one with outputs:DIR:NAME or FILE:name=NAME"
            )
        reason = method.refuses(scale) or method.unavailable()
        if reason is None:
            usable_methods[spec] = method
        else:
            (skipped if everything else refused_methods)[method.name] = reason
    for name in _metric_names(metrics, protocol):
        metric = resolve_metric(name)
        reason = metric.unavailable()
        if reason is None:
            usable_metrics[metric.name] = metric
        else:
            named = metrics.strip() not in ("all", "default")
            (refused_metrics if named else skipped)[metric.name] = reason
    return Selection(
        usable_methods, tuple(usable_metrics.values()), refused_methods, refused_metrics, skipped
    )


def _method_specs(methods: str) -> list[str]:
    specs = split_methods(methods)
    if not specs:
        raise UsageError("--methods is empty; give names separated by commas")
    return specs


def _metric_names(metrics: str, protocol: Protocol) -> list[str]:
    if metrics.strip() == "all":
        return METRICS.names()
    if metrics.strip() == "default":
        return list(protocol.metrics)
    return split_names(metrics, "--metrics")


def split_names(text: str, option: str) -> list[str]:
    """The names of a comma-separated option, each once; `UsageError` when there are none."""
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not names:
        raise UsageError(f"{option} is empty; give names separated by commas")
    return names


def require_something(selection: Selection) -> None:
    if selection.methods and selection.metrics:
        return
    what, reasons = (
        ("metric", {**selection.refused_metrics, **selection.skipped})
        if not selection.metrics
        else ("method", {**selection.refused_methods, **selection.skipped})
    )
    raise UserError(f"no {what} can run: " + "; ".join(f"{name}: {why}" for name, why in reasons.items()))


def refusals(selection: Selection) -> dict[tuple[str, str], str]:
    """Why each (method, metric) that was asked for by name cannot run at all."""
    metrics = [metric.name for metric in selection.metrics] + list(selection.refused_metrics)
    methods = [method.name for method in selection.methods.values()]
    reasons = {
        (method, metric): why for method, why in selection.refused_methods.items() for metric in metrics
    }
    for metric, why in selection.refused_metrics.items():
        reasons |= {(method, metric): why for method in methods}
    return reasons
