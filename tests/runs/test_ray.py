"""Runs on Ray: the same bytes as here, on several nodes, and when one of them is lost; user code that ends or
hangs its process loses its own step only."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from srbench.core.records import UserError
from srbench.runs.execute import execute
from srbench.runs.on_ray import Cluster
from srbench.runs.workers import Limits
from tests.helpers import command, references
from tests.runs.test_execute import Job, work

ray = pytest.importorskip("ray", reason="needs the extra srbench[ray]")
pytestmark = pytest.mark.slow  # Ray takes ten seconds and more to start

TABLES = ["scores.csv", "leaderboard.csv", "leaderboard.md", "significance.csv"]
# Waits before each image, so that there is a middle in which a node can be lost.
SLOW = """
import time, pathlib
def bicubic(image, scale):
    from srbench.images.resize import imresize
    (pathlib.Path({folder!r}) / str(time.monotonic_ns())).write_text("")
    time.sleep(0.5)
    return imresize(image, scale)
"""


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster on this machine: two nodes that work, and one that keeps the books."""
    from ray.cluster_utils import Cluster as Nodes

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]))
    cluster = Nodes(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    working = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    yield cluster, working
    cluster.shutdown()


def start(images: Path, out: Path, methods: str, *more: str) -> None:
    ended = command(
        "run", "--methods", methods, "--datasets", f"folder:{images}", "--metrics", "psnr_y,ssim_y",
        "--out", out, "--device", "cpu", *more,
    )  # fmt: skip
    assert ended.code == 0, ended.err


def same(one: Path, other: Path) -> bool:
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in TABLES)


def test_two_nodes_and_one_lost_give_the_bytes_of_a_local_run(
    tmp_path: Path, nodes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, working = nodes
    monkeypatch.chdir(tmp_path)
    begun = tmp_path / "begun"
    begun.mkdir()
    (tmp_path / "slow_ones.py").write_text(SLOW.format(folder=str(begun)))
    method = "nearest,slow_ones:bicubic:weights=slow_ones.py"
    images = references(tmp_path / "mine", count=12)
    start(images, tmp_path / "local", method, "--workers", "1")
    start(images, tmp_path / "both", method, "--executor", "ray", "--address", cluster.address)
    assert same(tmp_path / "local", tmp_path / "both")

    def lose() -> None:
        before = len(list(begun.iterdir()))
        while len(list(begun.iterdir())) < before + 4:
            time.sleep(0.1)
        ours = ray.get_runtime_context().get_node_id()  # this process could not outlive its own
        cluster.remove_node(next(node for node in working if node.node_id != ours), allow_graceful=False)

    losing = threading.Thread(target=lose)
    losing.start()
    start(images, tmp_path / "one", method, "--executor", "ray", "--address", cluster.address)
    losing.join()
    assert same(tmp_path / "local", tmp_path / "one")
    assert (tmp_path / "local" / "images").is_dir()


def run(jobs: list[Job], limits: Limits, cluster: Cluster) -> dict[int, Any]:
    done = execute(work, jobs, workers=2, executor="ray", cluster=cluster, limits=limits)
    return {job.number: result for job, result in done}


@pytest.mark.parametrize(
    ("method", "limits", "reason"),
    [
        ("leave", Limits(), "ended its process or lost its node"),
        ("hang", Limits(seconds=1), "took longer than --task-timeout 1 s"),
        ("eat", Limits(memory=500 * 1024**2), "took more memory than --task-memory 0.488281 GB"),
    ],
)
def test_what_ends_or_hangs_its_process(method: str, limits: Limits, reason: str) -> None:
    found = run([Job(1), Job(2, method), Job(3)], limits, Cluster())
    assert found[2] == f"failed: {method} on 2 {reason}, twice"
    assert (found[1][0], found[3][0]) == (2, 6)
    assert found[1][2] == "1"  # thread


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        (Cluster(folders=(Path("/no/such/folder"),)), "does not see /no/such/folder"),
        (Cluster(versions=(("torch", "0.4.1"),)), "not 0.4.1: numbers could differ"),
        (Cluster(address="127.0.0.1:1"), "no Ray cluster at 127.0.0.1:1"),
    ],
)
def test_a_cluster_that_cannot_serve_is_one_line(cluster: Cluster, said: str) -> None:
    with pytest.raises(UserError, match=said):
        run([Job(1)], Limits(), cluster)
