"""How much srbench adds to a network: the whole way from uint8 to uint8 beside the bare torch forward.

    python benchmarks/methods.py [--size 120x80] [--methods a,b] [--device cpu] [--repeats 5]

The two are run in turns in one process with one thread, on the same input size; the ratio is what the
conversions, colours and rounding cost. Weights are not needed: untrained networks cost the same.

A second table shows what overlapping saves: a folder of images through one method, converted and written
as PNG one after the other, and with writing in a second thread while the network computes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from srbench.methods.bench import measure, noise_sample  # noqa: E402
from srbench.methods.inference import NetworkUpscaler  # noqa: E402
from srbench.methods.network import NetworkMethod  # noqa: E402

from srbench.images import write_png  # noqa: E402
from srbench.methods.catalogue import METHODS  # noqa: E402
from srbench.methods.contract import Runtime  # noqa: E402


def networks(names: str | None) -> list[NetworkMethod]:
    """The named networks, or one method of each network there is at 4x."""
    if names:
        found = [METHODS.get(name) for name in names.split(",")]
        return [method for method in found if isinstance(method, NetworkMethod)]
    of_network: dict[str, NetworkMethod] = {}
    for method in METHODS:
        if isinstance(method, NetworkMethod) and method.refuses(4) is None:
            of_network.setdefault(repr(method.network(4)), method)
    return list(of_network.values())


def print_ratios(methods: list[NetworkMethod], options: argparse.Namespace, runtime: Runtime) -> None:
    """One line per network."""
    width, height = map(int, options.size.split("x"))
    print(
        f"{'network':<20}{'parameters':>12}{'network, ms':>13}{'whole, ms':>11}{'ratio':>7}{'memory, MB':>12}"
    )
    for method in methods:
        cost = measure(method, height=height, width=width, scale=4, runtime=runtime, repeats=options.repeats)
        print(
            f"{cost.method:<20}{cost.parameters or 0:>12,}{cost.forward or 0:>13.1f}"
            f"{cost.milliseconds:>11.1f}{cost.ratio or 0:>7.2f}{cost.memory / 2**20:>12.0f}",
            flush=True,
        )


def print_overlap(method: NetworkMethod, options: argparse.Namespace, runtime: Runtime) -> None:
    """Seconds for a folder of results, written in turn and in a second thread."""
    width, height = map(int, options.size.split("x"))
    spec = method.network(4)
    upscale = NetworkUpscaler(spec.build(), spec, runtime, method.name)
    sample = noise_sample(height, width, 4)
    images = 8
    times: dict[str, list[float]] = {"in turn": [], "overlapped": []}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as writer:
        for _ in range(3):
            start = time.perf_counter()
            for index in range(images):
                write_png(Path(folder) / f"{index}.png", upscale(sample))
            times["in turn"].append(time.perf_counter() - start)
            start = time.perf_counter()
            pending = [
                writer.submit(write_png, Path(folder) / f"{index}.png", upscale(sample))
                for index in range(images)
            ]
            for future in pending:
                future.result()
            times["overlapped"].append(time.perf_counter() - start)
    print(f"\n{images} images through {method.name}, with writing of PNG:")
    for name, seconds in times.items():
        print(f"  {name:<12}{statistics.median(seconds):8.3f} s")


def main() -> None:
    """Times every network and prints one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="120x80", help="WIDTHxHEIGHT of the input")
    parser.add_argument("--methods", help="names separated by commas; one per network by default")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    runtime = Runtime(device=options.device)
    methods = networks(options.methods)
    print(f"{options.size} input, 4x, {options.device}, 1 thread, torch {torch.__version__}")
    print_ratios(methods, options, runtime)
    print_overlap(METHODS.get("enet-pat"), options, runtime)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
