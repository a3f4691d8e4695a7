"""How the time of a run falls with workers on this machine, and with the nodes of a Ray cluster.

    python benchmarks/cluster.py --images DIR [--methods LIST] [--metrics LIST] [--counts 1,2] [--repeats 3]

The nodes are processes of this machine with one core each, beside a head that does no work; they need
`srbench[ray]`, and are left out without it. Every run is a command of its own into a new folder, with its
start, its tables and their intervals in the time; the least of the repeats counts. Clock times mean something
only where nothing else runs, and counts only up to the machine's cores.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

METHODS = "nearest,bicubic,lanczos,mix:bicubic,lanczos@0.3,mix:bicubic,lanczos@0.7"
METRICS = "psnr_y,ssim_y,niqe"


@contextmanager
def nodes(count: int) -> Iterator[str]:
    """A Ray cluster on this machine with so many working nodes; gives its address."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(count):
        cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    try:
        yield cluster.address
    finally:
        cluster.shutdown()


def seconds(images: Path, methods: str, metrics: str, *more: str) -> float:
    """How long a run into a new folder takes, from the command to its end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "srbench", "run", "--methods", methods, "--datasets", f"folder:{images}",
            "--metrics", metrics, "--device", "cpu", "--out", str(Path(folder) / "run"), *more,
        ]  # fmt: skip
        begin = time.perf_counter()
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ)
        if done.returncode:
            raise SystemExit(done.stderr.strip().splitlines()[-1])
        return time.perf_counter() - begin


def ways(counts: list[int]) -> Iterator[tuple[str, int, contextlib.AbstractContextManager[str]]]:
    """The name of a way, its count, and what gives the address of its cluster, empty for this machine."""
    for count in counts:
        yield "workers", count, contextlib.nullcontext("")
    if importlib.util.find_spec("ray"):
        for count in counts:
            yield "Ray nodes", count, nodes(count)


def main() -> None:
    """Times every way and prints a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=Path, required=True, help="a folder of reference images")
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--metrics", default=METRICS)
    parser.add_argument("--counts", default="1,2", help="how many workers or nodes")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    first: dict[str, float] = {}
    print("| way | how many | seconds | times as fast |\n|---|---:|---:|---:|")
    for way, count, cluster in ways([int(text) for text in arguments.counts.split(",")]):
        with cluster as address:
            where = ("--executor", "ray", "--address", address) if address else ()
            took = min(
                seconds(
                    arguments.images, arguments.methods, arguments.metrics, "--workers", str(count), *where
                )
                for _ in range(arguments.repeats)
            )
        base = first.setdefault(way, took)
        print(f"| {way} | {count} | {took:.1f} | {base / took:.2f} |", flush=True)


if __name__ == "__main__":
    main()
