"""Numbers do not depend on how many threads the machine offers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import PACKAGE_ROOT, references

_RUN = "from srbench.cli import main; main()"


def start(images: Path, out: Path, threads: int) -> None:
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    arguments = [
        "run", "--methods", "bicubic,espcn", "--datasets", f"folder:{images}", "--metrics", "psnr_y,ssim_y",
        "--out", str(out), "--workers", "1", "--device", "cpu",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT), **dict.fromkeys(names, str(threads))}
    subprocess.run([sys.executable, "-c", _RUN, *arguments], env=environment, check=True, capture_output=True)


@pytest.mark.parametrize("threads", [3])
def test_the_tables_of_one_thread(tmp_path: Path, threads: int) -> None:
    images = references(tmp_path / "mine", count=2, size=(96, 124))
    start(images, tmp_path / "one", 1)
    start(images, tmp_path / "several", threads)
    for name in ("scores.csv", "leaderboard.csv"):
        assert (tmp_path / "several" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    for path in (tmp_path / "one" / "images").rglob("*.png"):
        assert (tmp_path / "several" / path.relative_to(tmp_path / "one")).read_bytes() == path.read_bytes()


def test_torch_has_its_threads_back_afterwards() -> None:
    import torch

    from srbench.runs.execute import one_thread

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
