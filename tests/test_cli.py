"""The commands as users meet them: help, lists, exit codes, plugins, start-up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import srbench
from srbench.datasets.catalogue import DATASETS
from srbench.methods.catalogue import METHODS
from srbench.metrics.catalogue import METRICS
from srbench.protocols import PROTOCOLS
from tests.helpers import command, process, python, references

COMMANDS = [
    "run", "score", "table", "compare", "doctor", "methods list", "methods show", "methods pull",
    "metrics list", "metrics show", "metrics pull", "datasets list", "datasets show", "datasets pull",
    "datasets verify", "protocols list", "protocols show",
]  # fmt: skip
HEAVY = ["torch", "torchvision", "pandas", "scipy", "numba", "lpips", "pyiqa", "timm", "skimage", "pooch"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    ended = command(*name.split(), "--help")
    assert (ended.code, ended.err) == (0, "")
    assert "Usage:" in ended.out
    assert len(ended.out.splitlines()) > 5


def test_light_commands_do_not_import_the_world() -> None:
    code = (
        "import sys\nfrom srbench.cli import main\n"
        "for arguments in ('--help', 'methods list', 'metrics list', 'protocols list', 'run --help'):\n"
        "    sys.argv[1:] = arguments.split()\n"
        "    try: main()\n"
        "    except SystemExit as end: assert not end.code, end.code\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    out, err = python(code).communicate(timeout=60)
    assert err == ""
    assert out.count("Usage:") == 2
    assert out.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("methods", METHODS.names),
        ("metrics", METRICS.names),
        ("datasets", DATASETS.names),
        ("protocols", PROTOCOLS.names),
    ],
)
def test_lists_have_every_name_and_each_can_be_shown(group: str, names) -> None:  # type: ignore[no-untyped-def]
    listed = command(group, "list")
    assert (listed.code, listed.err) == (0, "")
    for name in names():
        assert name in listed.out
        shown = command(group, "show", name)
        assert (shown.code, shown.err) == (0, ""), name
        assert name in shown.out.splitlines()[0]


@pytest.mark.parametrize("arguments", [["--version"], ["-V"]])
def test_the_version_is_the_packages(arguments: list[str]) -> None:
    assert command(*arguments).out == f"srbench {srbench.__version__}\n"


def test_without_a_command_the_first_steps_are_shown() -> None:
    ended = command()
    assert (ended.code, ended.err) == (0, "")
    assert "srbench run --methods all --datasets demo" in ended.out


@pytest.mark.parametrize("group", ["methods", "metrics", "datasets", "protocols", "train", "experiment"])
def test_listings_are_one_json_array(group: str) -> None:
    listed = json.loads(command(group, "list", "--json").out)
    shown = command(group, "list").out
    assert len({row["name"] for row in listed}) == len(listed)
    assert all(row["name"] in shown for row in listed)


@pytest.mark.parametrize(
    ("typed", "meant"), [("psnr", "psnr_y"), ("SSIM", "ssim_y"), ("LPIPS", "lpips-alex")]
)
def test_metrics_are_found_by_the_words_that_people_type(typed: str, meant: str) -> None:
    assert command("metrics", "show", typed).out == command("metrics", "show", meant).out


def test_a_metric_of_pyiqa_is_missing_until_it_is_pulled() -> None:
    for name in ("musiq", "pyiqa:brisque"):
        assert "not pulled yet: srbench metrics pull pyiqa:" in command("metrics", "show", name).out


def test_show_says_what_matters() -> None:
    assert "CC BY-NC-ND 4.0" in command("methods", "show", "enet-pat").out
    assert "4250b3dc" in command("methods", "show", "enet-pat").out
    assert "root-mean-square" in command("metrics", "show", "rmse_y").out
    assert "BMVC 2012" in command("datasets", "show", "set5").out
    assert "bt601-rounded" in command("protocols", "show", "srbench").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["methods", "show", "bicubik"], "unknown method 'bicubik'; did you mean bicubic?"),
        (["metrics", "show", "psnr_x"], "did you mean psnr_y"),
        (["datasets", "show", "set6"], "did you mean set5"),
        (["datasets", "pull", "set55"], "unknown data set 'set55'; did you mean set5"),
        (["protocols", "show", "sr-gan"], "did you mean srgan"),
        (["methods", "pull", "bicubic"], "bicubic needs no weights"),
        (["run", "--methods", "bicubik"], "unknown method 'bicubik'; did you mean bicubic?"),
        (["run", "--metrics", "psnt"], "unknown metric 'psnt'"),
        (["run", "--datasets", "sett5"], "unknown data set 'sett5'; did you mean set5"),
        (["run", "--protocol", "daala"], "unknown protocol 'daala'"),
        (["run", "--methods", " , "], "--methods is empty"),
        (["run", "--datasets", ""], "--datasets is empty"),
        (["run", "--scale", "0"], "--scale takes positive whole numbers separated by commas, not 0"),
        (["run", "--scale", "-4"], "--scale takes positive whole numbers separated by commas, not -4"),
        (["run", "--workers", "-1"], "--workers must be 0"),
        pytest.param(["run", "--device", "cuda:99x"], "unknown device", marks=pytest.mark.slow),
        (["run", "--methods", "outputs:/no/such/folder:a/b"], "write outputs:DIR:NAME"),
    ],
)
def test_wrong_usage_is_one_line_exit_2_and_writes_nothing(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = command(*arguments)
    assert ended.code == 2
    assert ended.message.startswith("srbench: ")
    assert said in ended.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [["run", "--workers", "four"], ["run", "--no-such-option"], ["score"], ["nothing"], ["methods", "show"]],
)
def test_options_that_cannot_be_parsed_are_one_line_and_exit_2(arguments: list[str]) -> None:
    ended = command(*arguments)
    assert ended.code == 2
    assert "See: srbench" in ended.message


def test_two_methods_or_data_sets_of_one_name_are_refused(tmp_path: Path) -> None:
    one, two = references(tmp_path / "1" / "mine"), references(tmp_path / "2" / "mine")
    common = ["--out", tmp_path / "out", "--device", "cpu"]
    ended = command("run", "--methods", f"outputs:{one},outputs:{two}", "--datasets", "demo", *common)
    assert ended.code == 2
    assert "two methods are called mine; name one with outputs:DIR:NAME" in ended.message
    both = f"folder:{one},folder:{two}"
    ended = command("run", "--methods", "bicubic", "--datasets", both, *common)
    assert ended.code == 2
    assert "two data sets are called mine" in ended.message


def test_pull_from_a_file_of_another_hash(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"not the weights")
    ended = command("methods", "pull", "enet-pat", "--from", tmp_path / "weights")
    assert ended.code == 1
    assert "is not the published enet-pat: its sha256 is" in ended.message
    ended = command("methods", "pull", "enet-pat", "--from", tmp_path / "no")
    assert (ended.code, "no such file" in ended.message) == (1, True)
    ended = command("methods", "pull", "vdsr-twtygqyy")
    assert ended.code == 1
    assert "give it with --from FILE" in ended.message


def test_pull_first_says_what_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"not the weights")
    told = command("methods", "pull", "enet-pat", "--from", tmp_path / "weights").out
    for fact in ("msmsajjadi/EnhanceNet-Code", "sha256 4250b3dc", "3.4 MB", "CC BY-NC-ND", "Sajjadi"):
        assert fact in told


def test_a_data_set_that_is_not_here_is_a_failed_run(tmp_path: Path) -> None:
    ended = command(
        "run",
        "--methods",
        "bicubic",
        "--datasets",
        "set5",
        "--data-root",
        tmp_path,
        "--out",
        tmp_path / "out",
    )
    assert ended.code == 1
    assert ended.message.startswith("srbench: the data set set5 is not here")


def test_verify_and_pull_of_sets_without_hashes(tmp_path: Path) -> None:
    ended = command("datasets", "pull", "div2k-val")
    assert ended.code == 1
    assert "no download with known hashes" in ended.message
    ended = command("datasets", "verify", "set5", "--data-root", tmp_path)
    assert ended.code == 1
    assert "is not here" in ended.message


def test_a_closed_pipe_is_not_a_traceback() -> None:
    child = python("from srbench.cli import main; main()", "methods", "list")
    assert child.stdout is not None
    child.stdout.close()
    assert child.stderr is not None
    assert "Traceback" not in child.stderr.read()
    child.wait(timeout=60)


PLUGIN = """
import numpy as np
from srbench.methods.contract import Method
from srbench.metrics.contract import Metric
from srbench.datasets.contract import Dataset
method = Method(name="inverse", summary="a plugin", kind="model", source="test",
                open=lambda runtime: lambda sample: 255 - sample.reference)
metric = Metric(name="brightness", title="Brightness", unit="", higher_is_better=True, needs_reference=False,
                source="test", compute=lambda output, reference: float(output.luma.mean()))
dataset = Dataset(name="theirs", title="Theirs", folders=("theirs",), images=3, homepage="", license="",
                  citation="", instructions="ask them")
"""


def install(folder: Path, name: str, code: str, points: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(code)
    information = folder / f"{name}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(points)


POINTS = """
[srbench.methods]
one = their_plugin:method
[srbench.metrics]
one = their_plugin:metric
[srbench.datasets]
one = their_plugin:dataset
"""


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_plugins_of_every_kind_work_beside_a_broken_one(tmp_path: Path, workers: str) -> None:
    site = tmp_path / "site"
    install(site, "their_plugin", PLUGIN, POINTS)
    install(
        site, "broken_plugin", "import no_such_thing\n", "[srbench.methods]\nbad = broken_plugin:method\n"
    )
    references(tmp_path / "root" / "theirs")
    ended = process(
        "run", "--methods", "bicubic,inverse", "--metrics", "psnr_y,brightness", "--datasets", "theirs",
        "--data-root", tmp_path / "root", "--out", tmp_path / "out", "--workers", workers, "--device", "cpu",
        "--strict", path=site,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "the plugin 'bad' (broken_plugin:method)" in ended.err
    assert "Traceback" not in ended.err
    text = (tmp_path / "out" / "scores.csv").read_text()
    assert text.count("inverse,theirs,4,srbench,") == 6
    assert text.count(",brightness,") == 6


def test_a_real_process_says_its_error_and_exits(tmp_path: Path) -> None:
    ended = process("run", "--methods", "bicubik", "--out", tmp_path / "out")
    assert ended.code == 2
    assert ended.message == "srbench: unknown method 'bicubik'; did you mean bicubic?"


def test_help_imports_nothing_that_is_slow_to_import() -> None:
    code = (
        "import sys; from srbench.cli import app; app(['--help'], standalone_mode=False); "
        "print(sorted({'torch', 'pandas', 'scipy', 'numba', 'matplotlib', 'PIL'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ended.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("words", "place", "remains"),
    [
        (
            ("run", "--methods", "bicubic", "--datasets", "demo"),
            "srbench.runs.run.run",
            "is kept, and the same",
        ),
        (
            ("score", "a", "--reference", "a"),
            "srbench.runs.score.score_images",
            "; the same command begins anew",
        ),
    ],
    ids=["run", "score"],
)
def test_what_an_interrupted_command_says_is_true(
    words: tuple[str, ...], place: str, remains: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`score` keeps nothing before its end."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(place, interrupted)
    references(tmp_path / "a")
    ended = command(*words)
    assert ended.code == 130
    assert remains in ended.message
