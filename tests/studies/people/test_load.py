"""Fifty raters at once, and a server that is killed in the middle."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.helpers import PACKAGE_ROOT
from tests.studies.people.working import Client, made_study, stored, tokens


def _start(study: Path, port: int) -> subprocess.Popen[bytes]:
    code = "from srbench.cli import main; main()"
    child = subprocess.Popen(
        [sys.executable, "-c", code, "study", "serve", str(study), "--port", str(port)],
        env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return child
        except OSError:
            assert child.poll() is None
            time.sleep(0.1)
    raise AssertionError("the server did not start")


class _Rater:
    """Answers at random, tries again after failures, and keeps what was accepted."""

    def __init__(self, slot: int, token: str, port: int) -> None:
        self.slot, self.base = slot, f"/r/{token}/"
        self.client = Client(port)
        self.random = random.Random(slot)
        self.accepted: dict[tuple[int, int], str] = {}
        self.waited: list[float] = []

    def ask(self, *request: object) -> dict:  # type: ignore[type-arg]
        while True:
            try:
                start = time.perf_counter()
                reply = self.client.post(*request) if len(request) > 1 else self.client.get(*request)  # type: ignore[arg-type]
                self.waited.append(time.perf_counter() - start)
                assert reply.status in (200, 409), reply.body
                return reply.data | {"status": reply.status}
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)

    def run(self) -> None:
        state = self.ask(f"{self.base}consent", {})
        while state["phase"] == "trials":
            trial = state["trial"]
            value = trial["expected"] or str(self.random.randint(1, 5))
            time.sleep(self.random.random() * 0.2)
            given = {"position": trial["position"], "value": value}
            state = self.ask(f"{self.base}answers", given)
            if state["status"] == 200:
                self.accepted[self.slot, trial["position"]] = value


@pytest.mark.slow
def test_fifty_raters_and_a_kill_lose_and_double_nothing(run_folder: Path, tmp_path: Path):
    pytest.importorskip("uvicorn", reason="no server tests: pip install 'srbench[study]'")
    study = made_study(run_folder, tmp_path / "s", "--raters", "50")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = _start(study, port)
    raters = [_Rater(slot, token, port) for slot, token in enumerate(tokens(study))]
    threads = [threading.Thread(target=rater.run, daemon=True) for rater in raters]
    for thread in threads:
        thread.start()
    while len(stored(study)) < 200:
        time.sleep(0.05)
    server.send_signal(signal.SIGKILL)
    server.wait()
    server = _start(study, port)
    for thread in threads:
        thread.join(timeout=300)
    server.terminate()
    server.wait()
    kept = stored(study)
    accepted = {place: value for rater in raters for place, value in rater.accepted.items()}
    assert accepted.items() <= kept.items()
    # An answer whose acceptance was cut off by the kill is kept, and was accepted when it was sent again.
    assert len(kept) == len(accepted)
    waited = [seconds for rater in raters for seconds in rater.waited]
    print(f"{len(waited)} requests, median {statistics.median(waited) * 1000:.1f} ms")
