"""Runs what the tables of a paper need, or reads what an earlier run of the same tables left."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from srbench.core.files import cell_text, write_csv
from srbench.core.records import SILENT, Progress, Score, UsageError, UserError
from srbench.core.text import plain
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.datasets.folders import data_roots, find_pairs
from srbench.datasets.known import marked
from srbench.methods.catalogue import METHODS
from srbench.methods.catalogue import resolve as resolve_method
from srbench.methods.published_outputs import PREFIX
from srbench.metrics.catalogue import METRICS
from srbench.runs.folder import existing_run
from srbench.runs.run import Options
from srbench.runs.run import run as run_job
from srbench.runs.scores_csv import SCORE_COLUMNS, place, read_scores, score_rows
from srbench.runs.store import Store
from srbench.studies.reproduce.cells import Evidence, Origin, Want, Whole
from srbench.studies.reproduce.experiments import read_measured, write_measured

_WHOLES = "wholes.csv"
_EXPERIMENTS = "experiments.csv"
_REASON_COLUMNS = ("dataset", "scale", "protocol", "method", "metric", "reason")
_WHOLE_COLUMNS = ("dataset", "scale", "protocol", "method", "metric", "value", "n", "what")
_ORIGIN_COLUMNS = ("method", "origin", "what")


@dataclass(frozen=True)
class Means:
    """What there is to measure with: where data lies, the device, and methods of the user's own.

    `own` maps the names of rows to specifications such as `outputs:DIR:a+`, which then fill these rows.
    """

    roots: tuple[Path, ...]
    device: str
    workers: int
    own: dict[str, str]


def own_methods(specifications: Iterable[str]) -> dict[str, str]:
    """The user's methods by the name of the row that they fill."""
    own: dict[str, str] = {}
    for text in specifications:
        name = resolve_method(text).name
        if name in own:
            raise UsageError(f"two methods are given for the row {name}")
        own[name] = text
    return own


def measure(
    wants: list[Want],
    means: Means,
    out: Path,
    *,
    progress: Progress = SILENT,
) -> Evidence:
    """Measures everything that can be measured here; the runs stay in `out/runs` and are completed."""
    reasons = _reasons(wants, means)
    groups: dict[tuple[str, int], list[Want]] = {}
    for want in wants:
        if want not in reasons:
            groups.setdefault((want.protocol, want.scale), []).append(want)
    scores: dict[Want, dict[str, Score]] = {}
    for (protocol, scale), group in groups.items():
        folder = out / "runs" / f"{protocol}-x{scale}"
        _run(group, means, folder, progress=progress)
        with Store(existing_run(folder), read_only=True) as store:
            scores |= by_want(store.results(), set(group))
    origins = {want.method: _origin(means.own.get(want.method, want.method)) for want in scores}
    return Evidence(scores, reasons, origins)


def _origin(spec: str) -> Origin:
    method = resolve_method(spec)
    return Origin(method.origin, f"{method.summary} ({method.remark})" if method.remark else method.summary)


def _run(
    wants: list[Want],
    means: Means,
    folder: Path,
    *,
    progress: Progress = SILENT,
) -> None:
    """One run for each set of metrics: a table has not every metric for every method."""
    methods_of: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for dataset in _unique(want.dataset for want in wants):
        for method in _unique(want.method for want in wants if want.dataset == dataset):
            metrics = _unique(
                want.metric for want in wants if (want.dataset, want.method) == (dataset, method)
            )
            methods_of.setdefault((dataset, tuple(metrics)), []).append(means.own.get(method, method))
    for (dataset, names), methods in methods_of.items():
        options = Options(
            methods=methods,
            datasets=dataset,
            scales=(wants[0].scale,),
            metrics=names,
            protocol=wants[0].protocol,
            roots=means.roots,
            out=folder,
            device=means.device,
            workers=means.workers,
            executor="local",
            inputs="published",
        )
        run_job(options, progress=progress)


def _reasons(wants: list[Want], means: Means) -> dict[Want, str]:
    """Why wants cannot be measured here; the first of method, metric, data set that lacks something."""
    found = {}
    lacking = {
        (name, scale): _dataset_reason(name, scale, means.roots)
        for name, scale in dict.fromkeys((want.dataset, want.scale) for want in wants)
    }
    for want in wants:
        reason = (
            _method_reason(want, means)
            or METRICS.get(want.metric).unavailable()
            or lacking[want.dataset, want.scale]
        )
        if reason:
            found[want] = reason
    return found


def _method_reason(want: Want, means: Means) -> str | None:
    known = want.method in METHODS or want.method.startswith(PREFIX)
    if want.method not in means.own and not known:
        return (
            f"srbench has no {want.method}; score result images of it with --method outputs:DIR:{want.method}"
        )
    method = resolve_method(means.own.get(want.method, want.method))
    return method.refuses(want.scale) or method.unavailable()


def _dataset_reason(name: str, scale: int, roots: tuple[Path, ...]) -> str | None:
    dataset = resolve_dataset(name)
    try:
        pairs = find_pairs(dataset, scale, data_roots(list(roots)), inputs="published")
    except UserError as error:
        looked = str(error).partition(" (looked for")
        return f"{looked[0]}; see: srbench datasets show {dataset.name}" if looked[1] else str(error)
    found = marked(dataset, scale, pairs)
    return None if found == dataset else f"not the images of the papers: {found.name}"


def by_want(scores: Iterable[Score], wants: set[Want]) -> dict[Want, dict[str, Score]]:
    """The scores that are wanted, by image."""
    found: dict[Want, dict[str, Score]] = {}
    for score in scores:
        want = Want(score.dataset, score.scale, score.protocol, score.method, score.metric)
        if want in wants:
            found.setdefault(want, {})[score.image] = score
    return found


def keep(evidence: Evidence, out: Path) -> list[Path]:
    """Writes the evidence as files, from which `recall` makes the same tables without any image."""
    scores = [score for images in evidence.scores.values() for score in images.values()]
    out.mkdir(exist_ok=True)
    paths = [out / "scores.csv", out / "reasons.csv", out / "origins.csv"]
    write_csv(paths[0], SCORE_COLUMNS, score_rows(sorted(set(scores), key=place)))
    reasons = ({**asdict(want), "reason": why} for want, why in evidence.reasons.items())
    write_csv(paths[1], _REASON_COLUMNS, reasons)
    origins = (
        {"method": name, "origin": origin.kind, "what": origin.what}
        for name, origin in evidence.origins.items()
    )
    write_csv(paths[2], _ORIGIN_COLUMNS, origins)
    if evidence.wholes:
        wholes = ({**asdict(want), **asdict(whole)} for want, whole in evidence.wholes.items())
        paths.append(write_csv(out / _WHOLES, _WHOLE_COLUMNS, wholes))
    else:
        (out / _WHOLES).unlink(missing_ok=True)
    if evidence.experiments:
        paths.append(write_measured(evidence.experiments, out / _EXPERIMENTS))
    else:
        (out / _EXPERIMENTS).unlink(missing_ok=True)
    return paths


def recall(folder: Path, wants: list[Want]) -> Evidence:
    """The evidence that `keep` wrote."""
    scores = by_want(read_scores(folder / "scores.csv"), set(wants))
    reasons = {}
    for row in _table(folder / "reasons.csv", _REASON_COLUMNS):
        if not row["scale"].isdecimal():
            raise UserError(f"{folder / 'reasons.csv'}: the scale '{row['scale']}' is no number")
        want = Want(row["dataset"], int(row["scale"]), row["protocol"], row["method"], row["metric"])
        reasons[want] = row["reason"]
    origins = {
        row["method"]: Origin(row["origin"], row["what"])
        for row in _table(folder / "origins.csv", _ORIGIN_COLUMNS)
    }
    experiments = tuple(read_measured(folder / _EXPERIMENTS))
    return Evidence(scores, reasons, origins, _wholes(folder / _WHOLES), experiments)


def _wholes(path: Path) -> dict[Want, Whole]:
    """Values of whole sets; none where an earlier call had no folder that holds any."""
    rows = _table(path, _WHOLE_COLUMNS) if path.is_file() else []
    try:
        return {
            Want(row["dataset"], int(row["scale"]), row["protocol"], row["method"], row["metric"]): Whole(
                float(row["value"]), int(row["n"]), row["what"]
            )
            for row in rows
        }
    except ValueError as error:
        raise UserError(f"{path} is damaged or was edited by hand ({error})") from None


def _table(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            if tuple(reader.fieldnames or ()) != columns:
                raise UserError(f"{path} does not have the columns {', '.join(columns)}")
            return [{name: plain(cell_text(row[name] or "")) for name in columns} for row in reader]
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; srbench reproduce writes it") from None


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
