"""`srbench leaderboard build --site`: a static site of many runs, which a lab or a challenge can host.

An index with every leaderboard, a page for each method, the report page and the certificate of each run. All
values are those of the tables; nothing on it asks for anything beyond its folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from srbench.core.files import file_hash, file_name, ready_folder, write_text
from srbench.core.records import SILENT, Progress, UsageError, UserError
from srbench.report.certificates import write_certificate
from srbench.report.leaderboards import write_tables
from srbench.report.page import write_report
from srbench.report.site_data import (
    board_data,
    cards,
    filters,
    method_facts,
    method_scores,
    stem,
)
from srbench.report.templates import rendered, write_assets
from srbench.runs.data import RunData
from srbench.runs.merging import merge, only_protocol
from srbench.runs.opinions import with_opinions
from srbench.runs.reader import read_run
from srbench.tables.opinions import Opinions
from srbench.tables.ranked import PostHoc, Ranked, of_board, rank

if TYPE_CHECKING:
    from markupsafe import Markup

_ASSETS = ("report.css", "site.css", "theme.js", "site.js")
_MADE = ("methods", "runs", "tables")
_MARK = '<meta name="generator" content="srbench leaderboard'


@dataclass(frozen=True)
class Site:
    """A site that was written: its first page and how many leaderboards, methods and runs it has."""

    page: Path
    boards: int
    methods: int
    runs: int


def build_site(
    folders: Sequence[Path],
    out: Path,
    *,
    title: str = "",
    protocol: str = "",
    roots: Sequence[Path] = (),
    with_images: bool = True,
    post_hoc: PostHoc = "wilcoxon-holm",
    opinions: Sequence[Opinions] = (),
    progress: Progress = SILENT,
) -> Site:
    """Merges runs, writes the site, and says what it has.

    Without a `protocol` it has the leaderboards of all of them, each apart. The page of a run is made here
    from its scores and images, `with_images` or without; nothing of a submission's own HTML is published.
    """
    runs = [read_run(folder) for folder in folders]
    run = merge(runs)
    if protocol:
        run = only_protocol(run, protocol)
    if opinions:
        run = with_opinions(run, opinions)
    _prepare(out, folders)
    boards = [rank(board, of_board(run.scores, board), post_hoc) for board in run.boards()]
    write_assets(out / "assets", _ASSETS)
    for ranked in boards:
        write_tables(ranked, run, out / "tables", stem(ranked))
    pages = []
    names = _own_names(runs)
    for folder, each, name in zip(folders, runs, names, strict=True):
        own = out / "runs" / name
        write_report(
            each, [folder], own, title=each.name, roots=list(roots), with_images=with_images,
            post_hoc=post_hoc, progress=progress,
        )  # fmt: skip
        pages.append(_run_data(folder, each, name, own))
    title = title or "Leaderboards"
    methods = list(dict.fromkeys(name for ranked in boards for name in ranked.board.methods))
    for name in methods:
        of = [page for page, each in zip(pages, runs, strict=True) if _has(each, name)]
        path = out / "methods" / f"{file_name(name)}.html"
        write_text(path, _method_page(name, title, run, boards, of, folders))
    page = write_text(
        out / "index.html",
        rendered(
            "site_index.html.j2",
            title=title,
            root="",
            filters=filters(boards),
            boards=[board_data(ranked, run, index) for index, ranked in enumerate(boards)],
            runs=pages,
        ),
    )
    return Site(page, len(boards), len(methods), len(runs))


def _prepare(out: Path, folders: Sequence[Path]) -> None:
    """An empty place for the site; only a folder that holds an earlier one is cleared."""
    for folder in folders:
        if folder.resolve().is_relative_to(out.resolve()):
            raise UsageError(f"--site {out} holds the run {folder}; choose a folder of its own")
    page = out / "index.html"
    if page.is_file():
        if _MARK not in page.read_text(encoding="utf-8", errors="replace")[:2000]:
            raise UserError(
                f"{page} is not a site of srbench and would be overwritten; choose another --site"
            )
        for name in _MADE:
            shutil.rmtree(out / name, ignore_errors=True)
    elif out.is_dir() and any(out.iterdir()):
        raise UserError(f"{out} holds other files; choose an empty folder for --site")
    for name in _MADE:
        ready_folder(out / name, "--site")


def _own_names(runs: Sequence[RunData]) -> list[str]:
    """Folder names of the runs' pages, each once: two submissions may have the same."""
    names: list[str] = []
    for run in runs:
        name, count = file_name(run.name), 1
        while name in names:
            count += 1
            name = file_name(f"{run.name} {count}")
        names.append(name)
    return names


def _run_data(folder: Path, run: RunData, name: str, own: Path) -> dict[str, Any]:
    """A row of the table of runs; its certificate is written where it has a score."""
    days = sorted({str(record.get("started", ""))[:10] for record in run.records} - {""})
    versions = {str(record.get("versions", {}).get("srbench", "")) for record in run.records} - {""}
    scored = sum(score.value is not None for score in run.scores)
    if scored:
        write_certificate(folder, own / "certificate.json")
    return {
        "id": f"run-{quote(name)}",
        "name": name,
        "page": f"runs/{quote(name)}/index.html",
        "certificate": f"runs/{quote(name)}/certificate.json" if scored else "",
        "measured": " to ".join(dict.fromkeys((days[0], days[-1]))) if days else "",
        "version": ", ".join(sorted(versions)),
        "methods": len({score.method for score in run.scores}),
        "scores": f"{scored} of {len(run.scores)}",
        "digest": file_hash(folder / "scores.csv"),
    }


def _has(run: RunData, method: str) -> bool:
    return any(score.method == method for score in run.scores)


def _method_page(
    name: str,
    title: str,
    run: RunData,
    boards: Sequence[Ranked],
    runs: list[dict[str, Any]],
    folders: Sequence[Path],
) -> str:
    return rendered(
        "site_method.html.j2",
        title=title,
        root="../",
        name=name,
        facts=method_facts(name, run),
        runs=runs,
        cards=[(said, _html(text)) for said, text in cards(name, run, folders)],
        **method_scores(name, boards, run),
    )


def _html(text: str) -> Markup:
    """A card's Markdown as HTML: its own HTML stays text, images are not shown, headings stand lower."""
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    return Markup(parser.renderer.render(tokens, parser.options, {}))
