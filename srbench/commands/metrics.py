"""`srbench metrics list|show|pull`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.commands.catalogues import FromFile, Name, print_facts, print_list, pull_files, weight_facts
from srbench.commands.terminal import AsJson, command_group, notices

if TYPE_CHECKING:
    from srbench.metrics.contract import Metric
    from srbench.metrics.sets.catalogue import SetMetric

metrics_app = command_group("Image quality metrics.")


@metrics_app.command("list")
def list_metrics(as_json: AsJson = False) -> None:
    """Every metric, and whether it can run here."""
    from srbench.metrics.catalogue import METRICS
    from srbench.metrics.pyiqa_bridge import PREFIX
    from srbench.metrics.pyiqa_known import KNOWN
    from srbench.metrics.sets.catalogue import SETS

    rows = [
        (metric.name, f"{metric.title}, {_direction(metric.higher_is_better)}", metric.unavailable())
        for metric in METRICS
    ]
    rows += [
        (f"{PREFIX}{name}", f"{one.title}, {_direction(one.higher_is_better)}", _unpulled(name))
        for name, one in KNOWN.items()
    ]
    of_sets = f"of whole sets (srbench sets), {_direction(higher_is_better=False)}"
    rows += [(metric.name, f"{metric.title} {of_sets}", metric.unavailable()) for metric in SETS]
    print_list(rows, as_json=as_json)


def _unpulled(name: str) -> str | None:
    """Why a metric of pyiqa cannot be measured without a download; None for one that was pulled."""
    from importlib.metadata import PackageNotFoundError, version

    from srbench.metrics.pyiqa_bridge import PREFIX, pulled

    try:
        version("pyiqa")
    except PackageNotFoundError:
        return "the package pyiqa is not installed: pip install pyiqa"
    return None if pulled(name) else f"not pulled yet: srbench metrics pull {PREFIX}{name}"


def _direction(higher_is_better: bool) -> str:
    return "higher is better" if higher_is_better else "lower is better"


@metrics_app.command("show")
def show_metric(name: Name) -> None:
    """One metric: definition, direction, source, weights."""
    from srbench.metrics.catalogue import resolve
    from srbench.metrics.sets.catalogue import SETS

    if name in SETS:
        _show_set_metric(SETS.get(name))
        return
    metric = resolve(name)
    print_facts(
        {
            "name": metric.name,
            "title": metric.title,
            "unit": metric.unit,
            "direction": _direction(metric.higher_is_better),
            "reference": "needed" if metric.needs_reference else "not needed",
            "of a data set": metric.aggregate,
            "source": metric.source,
            "note": metric.note,
            **weight_facts(metric.weights),
            "status": _lacks(metric) or "ready",
        }
    )


def _lacks(metric: Metric) -> str | None:
    """Why a metric cannot be measured here as it is; one of pyiqa's fetches its weights at its first use."""
    from srbench.metrics.pyiqa_bridge import PREFIX

    name = metric.name.removeprefix(PREFIX)
    return metric.unavailable() if name == metric.name else _unpulled(name)


def _show_set_metric(metric: SetMetric) -> None:
    print_facts(
        {
            "name": metric.name,
            "title": metric.title,
            "direction": _direction(higher_is_better=False),
            "reference": "needed",
            "of a data set": "one value for all images: srbench sets RUN --metrics " + metric.name,
            "source": metric.source,
            "note": metric.note,
            **weight_facts(metric.weights),
            "status": metric.unavailable() or "ready",
        }
    )


@metrics_app.command("pull")
def pull_metric(name: Name, source: FromFile = []) -> None:  # noqa: B006 - typer copies it
    """Get the weights of a metric, or of a network that metrics and training share, by name."""
    from srbench.metrics.catalogue import resolve
    from srbench.metrics.deep.features import BACKBONES
    from srbench.metrics.pyiqa_bridge import PREFIX, fetch, licence_warning
    from srbench.metrics.pyiqa_known import known_name
    from srbench.metrics.sets.catalogue import SETS

    if name.startswith(PREFIX) or known_name(name):
        notices().print(licence_warning([name]), markup=False)
        folder = fetch(known_name(name) or name.removeprefix(PREFIX), source)
        notices().print(f"{name} opens; its files are in {folder}", markup=False)
        return
    shared = tuple(backbone.file for backbone in BACKBONES if backbone.file.name == name)
    pull_files(name, shared or (SETS.get(name) if name in SETS else resolve(name)).weights, source)
