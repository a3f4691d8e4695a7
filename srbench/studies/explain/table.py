"""What the same images score in other people's papers, as a table of the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.studies.explain.conventions import Convention
from srbench.studies.explain.words import used_by, words

if TYPE_CHECKING:
    from rich.console import Console

    from srbench.studies.explain.search import Explanation, Row


def print_table(output: Console, found: Explanation, scale: int) -> None:
    """The conventions of known papers, and PSNR by plane and border."""
    known = [row for row in found.rows if used_by(row.convention, scale)]
    for row in known:
        users = used_by(row.convention, scale)
        output.print(f"  {row.psnr:7.4f} {row.ssim:.5f}  {users}: {words(row.convention)}", markup=False)
    output.print("PSNR by plane and border (mean over images):", markup=False)
    borders = sorted({row.convention.border for row in found.rows})
    output.print(f"  {'':32}" + "".join(f"{border:>9}" for border in borders), markup=False)
    by_plane: dict[str, dict[int, Row]] = {}
    for row in found.rows:
        if _is_plain(row.convention):
            by_plane.setdefault(_plane(row), {})[row.convention.border] = row
    for plane, rows in by_plane.items():
        cells = "".join(f"{rows[border].psnr:9.4f}" if border in rows else f"{'–':>9}" for border in borders)
        output.print(f"  {plane:32}{cells}", markup=False)


def _is_plain(convention: Convention) -> bool:
    """Whether nothing but plane, gray rule, border and SSIM is chosen."""
    as_given = convention.inputs in ("given", "matlab") and convention.upscaler == "given"
    return convention.average == "images" and as_given and not convention.departures()


def _plane(row: Row) -> str:
    convention = row.convention
    whole = convention.luma in ("rgb", "daala")
    rounding = "" if whole else "rounded" if convention.rounded else "unrounded"
    gray = "" if convention.gray == "any" else convention.gray
    return " ".join(part for part in (convention.luma, rounding, gray) if part)
