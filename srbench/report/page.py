"""Builds the report: a folder that works from `file://` and asks for nothing beyond itself."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from srbench.core.files import ready_folder, write_text
from srbench.core.records import SILENT, Progress, UsageError, UserError
from srbench.report.data import as_script, page_data
from srbench.report.pictures import Pictures, collect
from srbench.report.templates import rendered, write_assets
from srbench.runs.data import RunData
from srbench.tables.formats import formatted
from srbench.tables.ranked import PostHoc

_ASSETS = ("report.css", "theme.js", "report.js", "plots.js", "viewer.js")
_MARK = '<meta name="generator" content="srbench'


@dataclass(frozen=True)
class Report:
    """A page that was written: where, its size in bytes, and how many pictures it has."""

    page: Path
    size: int
    pictures: int


def write_report(
    run: RunData,
    folders: Sequence[Path],
    out: Path,
    *,
    title: str,
    roots: list[Path],
    with_images: bool,
    originals: bool = False,
    post_hoc: PostHoc = "wilcoxon-holm",
    progress: Progress = SILENT,
) -> Report:
    """The page of a run, or of several merged, with the pictures of their folders.

    Pictures are JPEG previews where the PNG files would take more than about 60 MB; `originals` keeps these.
    """
    for folder in folders:
        _prepare(out, folder)
    pictures: dict[tuple[str, int], Pictures] = {}
    if with_images:
        pictures = collect(run, folders, out, roots, originals=originals, progress=progress)
    write_assets(out / "assets", _ASSETS)
    page = out / "index.html"
    write_text(page, render(run, title or f"Report of {run.name}", pictures, post_hoc))
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return Report(page, size, sum(len(found.paths) for found in pictures.values()))


def render(
    run: RunData, title: str, pictures: dict[tuple[str, int], Pictures], post_hoc: PostHoc = "wilcoxon-holm"
) -> str:
    """The HTML of the page; names are escaped by the template, the data by `as_script`."""
    from markupsafe import Markup

    data = page_data(run, title, pictures, post_hoc)
    return rendered(
        "report.html.j2",
        title=title,
        boards=data["boards"],
        tables=[Markup(formatted([board], "html")) for board in run.boards()],
        # `as_script` leaves nothing in the text that HTML would read.
        data=Markup(as_script(data)),
    )


def _prepare(out: Path, run: Path) -> None:
    """An empty place for the report; only a folder that holds an earlier one is cleared."""
    if out.resolve() == run.resolve():
        raise UsageError("--out must not be the run folder itself; its own folder is RUN/report")
    page = out / "index.html"
    if page.is_file():
        if _MARK not in page.read_text(encoding="utf-8", errors="replace")[:2000]:
            raise UserError(
                f"{page} is not a report of srbench and would be overwritten; choose another --out"
            )
        shutil.rmtree(out / "images", ignore_errors=True)
    ready_folder(out)
