"""The command line: thin commands, no logic. Errors that users cause are one line and an exit code."""

from __future__ import annotations

import io
import signal
import sys
from typing import Annotated, Any, NoReturn

import typer

from srbench import __version__
from srbench.commands.agreement import agreement, atlas
from srbench.commands.catalogues import methods_app, protocols_app
from srbench.commands.certificates import certify, check, verify
from srbench.commands.datasets import datasets_app
from srbench.commands.doctor import doctor
from srbench.commands.experiment import experiment
from srbench.commands.explain import explain
from srbench.commands.figures import figure_app
from srbench.commands.metrics import metrics_app
from srbench.commands.models import bench_methods, interpolate_networks
from srbench.commands.people import study_app
from srbench.commands.planning import plan
from srbench.commands.reports import leaderboard_app, report, reproduce
from srbench.commands.run import merge, run
from srbench.commands.score import score
from srbench.commands.sets import sets
from srbench.commands.studies import bapps_2afc, bapps_jnd, recognition
from srbench.commands.study_figures import (
    figure_2afc,
    figure_active,
    figure_mos,
    figure_recognition,
    figure_training,
)
from srbench.commands.tables import compare, export, table
from srbench.commands.train import train
from srbench.core.records import Unscorable, UserError
from srbench.core.text import plain

_INTERRUPTED = 130
# Commands that keep what they have done, step by step.
_KEEPING = (("run",), ("train",), ("experiment",), ("reproduce",), ("study", "serve"), ("datasets", "pull"))

app = typer.Typer(
    name="srbench",
    help="Evaluation and perceptual metrics for single-image super-resolution.",
    no_args_is_help=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_FIRST_STEPS = """\
srbench: evaluation and perceptual metrics for single-image super-resolution. First steps:

  srbench run --methods all --datasets demo     upscale and score the embedded images
  srbench score OUTPUTS --reference REFERENCES  score your own images
  srbench doctor                                what is here, what is missing, how to get it

All commands: srbench --help"""


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"srbench {__version__}")
        raise typer.Exit


@app.callback()
def _without_command(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Evaluation and perceptual metrics for single-image super-resolution."""
    if context.invoked_subcommand is None:
        print(_FIRST_STEPS)


app.command()(run)
app.command()(score)
app.command()(explain)
app.command()(table)
app.command()(compare)
app.command()(sets)
app.command()(merge)
app.command()(export)
app.command("bapps-2afc")(bapps_2afc)
app.command("bapps-jnd")(bapps_jnd)
app.command()(recognition)
app.command()(agreement)
app.command()(atlas)
app.command()(reproduce)
app.command()(report)
app.command()(certify)
app.command()(verify)
app.command()(train)
app.command()(experiment)
app.command("interpolate")(interpolate_networks)
methods_app.command("bench")(bench_methods)
leaderboard_app.command("check")(check)
figure_app.command("recognition")(figure_recognition)
figure_app.command("2afc")(figure_2afc)
figure_app.command("mos")(figure_mos)
figure_app.command("training")(figure_training)
figure_app.command("active")(figure_active)
app.add_typer(leaderboard_app, name="leaderboard")
app.add_typer(figure_app, name="figure")
study_app.command("plan")(plan)
app.add_typer(study_app, name="study")
app.add_typer(methods_app, name="methods")
app.add_typer(metrics_app, name="metrics")
app.add_typer(datasets_app, name="datasets")
app.add_typer(protocols_app, name="protocols")
app.command()(doctor)


class _Terminated(KeyboardInterrupt):
    """SIGTERM: ends everything as Ctrl-C does, so that what was done is kept and the tables are written."""


def _terminate(*_: object) -> NoReturn:
    raise _Terminated


def main() -> None:
    """Entry point of the `srbench` command."""
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files need not be text
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(prog_name="srbench", standalone_mode=False)
    except typer.TyperException as error:
        _fail_usage(error)
    except UserError as error:
        _fail(str(error), error.exit_code)
    except Unscorable as error:
        _fail(str(error), 1)
    except OSError as error:
        said = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
        _fail(f"{said}; what was done before is kept", 1)
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    # typer turns Ctrl-C into this code without a word.
    if code == _INTERRUPTED:
        _fail(f"interrupted; {_what_remains(sys.argv[1:])}", _INTERRUPTED)
    sys.exit(code or 0)


def _what_remains(words: list[str]) -> str:
    """What an interrupted command, by the words that it was called with, leaves behind."""
    if any(tuple(words[: len(command)]) == command for command in _KEEPING):
        return "what was done is kept, and the same command goes on from there"
    return "the same command begins anew"


def _fail_usage(error: Any) -> NoReturn:
    """What the command line's own parser says, in one line."""
    message = error.format_message()
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "srbench"
    _fail(f"{' '.join(message.split())} See: {command} --help", error.exit_code)


def _fail(message: str, code: int) -> NoReturn:
    print(f"srbench: {plain(message)}", file=sys.stderr)
    sys.exit(code)
