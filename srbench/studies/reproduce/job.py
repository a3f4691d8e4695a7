"""`srbench reproduce`: from the name of a paper to its tables, reported beside measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from srbench.core.files import ready_folder
from srbench.core.records import SILENT, Progress, UsageError
from srbench.datasets.catalogue import resolve as resolve_dataset
from srbench.studies.reproduce.cells import Cell, Evidence, Want, make_cells, rows_of, want_of
from srbench.studies.reproduce.documents import write_documents
from srbench.studies.reproduce.evidence import Means, keep, measure, recall
from srbench.studies.reproduce.experiments import of_datasets
from srbench.studies.reproduce.finished import read_finished
from srbench.studies.reproduce.papers import PAPERS
from srbench.studies.reproduce.records import Paper


@dataclass(frozen=True)
class Reproduction:
    """The tables of one paper and where they were written."""

    paper: Paper
    cells: list[Cell]
    files: list[Path]


def papers_named(text: str) -> list[Paper]:
    """The papers of a name, or all of them."""
    return list(PAPERS) if text == "all" else [PAPERS.get(text)]


def reproduce(
    papers: list[Paper],
    datasets: tuple[str, ...],
    means: Means,
    out: Path,
    *,
    finished: Sequence[Path] = (),
    progress: Progress = SILENT,
) -> list[Reproduction]:
    """Measures what the tables need and the `finished` folders do not hold, keeps it, writes the tables."""
    _check(papers, datasets, means)
    held = read_finished(finished, _every(papers, datasets))
    wants = [want for want in _wants(papers, datasets) if want not in held.scores]
    ready_folder(out)
    made = measure(wants, means, out, progress=progress)
    evidence = Evidence(
        scores=made.scores | held.scores,
        reasons=made.reasons | held.reasons,
        origins=made.origins | held.origins,
        wholes=held.wholes,
        experiments=tuple(held.experiments),
    )
    keep(evidence, out / "scores")
    return _written(papers, evidence, datasets, out)


def rebuild(papers: list[Paper], datasets: tuple[str, ...], source: Path, out: Path) -> list[Reproduction]:
    """Writes the tables from the scores that an earlier `reproduce` kept in `source`; measures nothing."""
    _check(papers, datasets, None)
    evidence = recall(source, _wants(papers, datasets))
    out.mkdir(parents=True, exist_ok=True)
    return _written(papers, evidence, datasets, out)


def _written(
    papers: list[Paper], evidence: Evidence, datasets: tuple[str, ...], out: Path
) -> list[Reproduction]:
    made = []
    for paper in papers:
        cells = make_cells(paper, evidence, datasets)
        shown = of_datasets(evidence.experiments, datasets) if paper.experiments else []
        made.append(Reproduction(paper, cells, write_documents(paper, cells, shown, out)))
    return made


def _every(papers: list[Paper], datasets: tuple[str, ...]) -> list[Want]:
    """Everything that the tables print, each once."""
    rows = [pair for paper in papers for pair in rows_of(paper, datasets)]
    return list(dict.fromkeys(want_of(row, table) for row, table in rows))


def _wants(papers: list[Paper], datasets: tuple[str, ...]) -> list[Want]:
    """What the tables need, each once, without what images alone cannot give."""
    wants = [
        want_of(row, table)
        for paper in papers
        for row, table in rows_of(paper, datasets)
        if table.reason(row.metric) is None
    ]
    return list(dict.fromkeys(wants))


def _check(papers: list[Paper], datasets: tuple[str, ...], means: Means | None) -> None:
    rows = [pair for paper in papers for pair in rows_of(paper, ())]
    used = {row.dataset for row, _ in rows}
    for name in datasets:
        if name not in used:
            resolve_dataset(name)  # a mistyped name is said to be one
            names = ", ".join(paper.name for paper in papers)
            raise UsageError(f"no table of {names} uses the data set {name}")
    methods = {want_of(row, table).method for row, table in rows}
    for name in means.own if means else ():
        if name not in methods:
            raise UsageError(f"no table has a row for the method {name}; outputs:DIR:NAME gives a name")
