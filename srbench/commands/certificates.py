"""`srbench certify`, `srbench verify` and `srbench leaderboard check`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srbench.commands.terminal import DataRoot, console, progress
from srbench.core.records import UserError

if TYPE_CHECKING:
    from srbench.report.certificates import Verification

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
Workers = Annotated[int, typer.Option(help="Processes; 0 is one per core where that pays.")]
Protocols = Annotated[
    list[str], typer.Option("--protocol", metavar="FILE.toml", help="A protocol that is not registered.")
]
_LINES = 20


def certify(
    run_folder: RunFolder,
    out: Annotated[Path | None, typer.Option(help="The file; RUN/certificate.json without it.")] = None,
) -> None:
    """Write what a run's numbers are of as one small JSON file, for a paper's supplement.

    Protocol in full, hashes of references, inputs, outputs and weights, every score, versions.
    """
    from srbench.report.certificates import write_certificate

    written = write_certificate(run_folder, out or run_folder / "certificate.json")
    console().print(f"{written} ({written.stat().st_size / 1e3:.0f} kB)", markup=False)


def verify(
    certificate: Annotated[Path, typer.Argument(metavar="FILE", help="What srbench certify wrote.")],
    outputs: Annotated[
        Path, typer.Option(metavar="DIR", help="The run, its images, or a folder for each method.")
    ],
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    protocol: Protocols = [],  # noqa: B006 - typer copies it
    device: Device = "auto",
    workers: Workers = 1,
) -> None:
    """Score the outputs of a certificate again and say what differs."""
    from srbench.report.certificates import read_certificate

    _verify(read_certificate(certificate), outputs, str(certificate), data_root, protocol, device, workers)


def check(
    run_folder: RunFolder,
    data_root: DataRoot = [],  # noqa: B006 - typer copies it
    protocol: Protocols = [],  # noqa: B006 - typer copies it
    device: Device = "auto",
    workers: Workers = 1,
) -> None:
    """Check a submitted run folder: score its images again, compare hashes, protocol and every number.

    An image without a score needs a reason.
    """
    from srbench.report.certificates import certify as certified
    from srbench.report.certificates import left_out
    from srbench.runs.reader import read_run

    also = left_out(read_run(run_folder), data_root)
    _verify(certified(run_folder), run_folder, str(run_folder), data_root, protocol, device, workers, also)


def _verify(
    said: dict[str, Any],
    outputs: Path,
    name: str,
    data_root: list[Path],
    protocol: list[str],
    device: str,
    workers: int,
    also: Sequence[str] = (),
) -> None:
    """Scores the outputs again and prints what differs from what was said of them, and what `also` does."""
    from srbench.core.devices import choose_device
    from srbench.report.certificates import verify as verified

    with progress("images") as bar:
        found = verified(
            said, outputs, data_root, protocol, device=choose_device(device), workers=workers, progress=bar
        )
    _print(replace(found, differences=(*also, *found.differences)), name)


def _print(found: Verification, name: str) -> None:
    for line in found.differences[:_LINES]:
        console().print(f"differs: {line}", markup=False)
    if len(found.differences) > _LINES:
        console().print(f"{len(found.differences) - _LINES} more lines", markup=False)
    if found.sets:
        console().print(f"{found.agreeing_sets} of {found.sets} values of whole sets agree", markup=False)
    console().print(f"{found.agreeing} of {found.scores} scores agree", markup=False)
    if found.differences or found.agreeing != found.scores:
        raise UserError(f"{name} does not hold; {len(found.differences)} differences stand above")
