"""srbench beside loops over pyiqa, and over scikit-image and lpips, in one run on one machine.

    python -m benchmarks.compare --data DIR --methods 10 [--metrics LIST] [--sample 3] [--plot FILE.svg]

DIR holds BSD100. Every way scores the same output images from the same files, with one thread a process, by
the protocol `basicsr`: a border of 4 pixels, and BT.601's Y unrounded, as the loops have it. Loops score a
sample of the images; their time, without their start, is multiplied up to all; srbench's has its start, its
tables and their intervals in it. Seconds by the clock mean something only where nothing else runs on the
machine; those of the processor, of ways in one process, are fair on a busy one too (srbench writes PNG files
in a second thread, which they count). `--allocator tuned` has the C library keep its memory, which spares
pyiqa most of its page faults. A last table says how far values of the loops are from srbench's.
`--niqe-parameters` and `--ma-model` are the authors' files, which all ways then use; without them NIQE's are
those that srbench has, and Ma's forests are made ones of the published shapes, whose scores mean nothing, but
take the same time.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from srbench.core.records import UserError
from srbench.core.weights import pull
from srbench.metrics.natural.perceptual_index import MA_MODEL, NIQE_PARAMETERS

METRICS = ("psnr_y", "ssim_y", "niqe", "ma")
_PYIQA = {"psnr_y": "psnry", "ssim_y": "ssim", "niqe": "niqe", "lpips-alex": "lpips", "ma": "nrqm"}
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
ALLOCATORS = {
    "default": {},
    "tuned": {
        "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
        "MALLOC_TRIM_THRESHOLD_": str(4 << 30),
        "MALLOC_TOP_PAD_": str(256 << 20),
    },
}


@dataclass(frozen=True)
class Row:
    """One way of scoring all images: seconds by the clock and of the processor (None where several processes
    share the work), how many images were really scored, peak memory in MB; of a loop the values by image and
    metric."""

    way: str
    seconds: float
    processor: float | None
    scored: int
    memory: float
    values: dict[tuple[str, str], float] = field(default_factory=dict)


def loop(way: str, metrics: Sequence[str], files: dict[str, str], pairs: Sequence[tuple[str, str]]) -> None:
    """What users write: every metric of every image, one after the other. Run in a process of its own."""
    import torch

    torch.set_num_threads(int(os.environ[_THREADS[0]]))
    score = _pyiqa(metrics, files) if way == "pyiqa" else _classic(metrics)
    start, processor = time.perf_counter(), time.process_time()
    found = [score(Path(output), Path(reference)) for output, reference in pairs]
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds, processor, peak, found]))


def _pyiqa(metrics: Sequence[str], files: dict[str, str]) -> Callable[[Path, Path], dict[str, float]]:
    import pyiqa

    own = {name: {"pretrained_model_path": files[name]} for name in metrics if files.get(name)}
    luma = {"crop_border": 4, "color_space": "ycbcr"}  # by itself pyiqa takes the Y of YIQ
    options = {"psnr_y": luma, "ssim_y": luma, "niqe": luma, "ma": luma}
    options = {name: options.get(name, {}) | own.get(name, {}) for name in metrics}
    made = [(name, pyiqa.create_metric(_PYIQA[name], device="cpu", **options[name])) for name in metrics]

    def score(output: Path, reference: Path) -> dict[str, float]:
        return {
            name: float(
                metric(str(output)) if name in ("niqe", "ma") else metric(str(output), str(reference))
            )
            for name, metric in made
        }

    return score


def _classic(metrics: Sequence[str]) -> Callable[[Path, Path], dict[str, float]]:
    import lpips
    import numpy as np
    from PIL import Image
    from skimage.color import rgb2ycbcr
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    network = lpips.LPIPS(net="alex", verbose=False) if "lpips-alex" in metrics else None

    def score(output: Path, reference: Path) -> dict[str, float]:
        """What a user's loop computes for one image."""
        images = [np.asarray(Image.open(path).convert("RGB")) for path in (output, reference)]
        luma = [rgb2ycbcr(image)[4:-4, 4:-4, 0] for image in images]
        found = {}
        if "psnr_y" in metrics:
            found["psnr_y"] = peak_signal_noise_ratio(luma[1], luma[0], data_range=255)
        if "ssim_y" in metrics:
            options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
            found["ssim_y"] = structural_similarity(luma[1], luma[0], data_range=255, **options)
        if network is not None:
            tensors = [lpips.im2tensor(image[4:-4, 4:-4]) for image in images]
            found["lpips-alex"] = network(*tensors).item()
        return found

    return score


def in_process(arguments: Sequence[str], allocator: str) -> tuple[str, float, float, float]:
    """Output, seconds by the clock and of the processor, and peak memory (MB, so far) of a process with one
    thread."""
    environment = os.environ | dict.fromkeys(_THREADS, "1") | ALLOCATORS[allocator]
    start, processor = time.perf_counter(), _processor_of_children()
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    seconds, processor = time.perf_counter() - start, _processor_of_children() - processor
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr.strip()[-400:]}")
    return done.stdout, seconds, processor, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _processor_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def srbench(
    way: str, folders: Sequence[Path], data: Path, out: Path, asked: argparse.Namespace, workers: int
) -> Row:
    """A whole run over result images, start-up and tables included."""
    methods = ",".join(f"outputs:{folder}" for folder in folders)
    command = [
        "-m", "srbench", "run", "--methods", methods, "--datasets", "bsd100", "--metrics", asked.metrics,
        "--protocol", "basicsr",
        "--data-root", str(data), "--out", str(out), "--device", "cpu", "--workers", str(workers),
    ]  # fmt: skip
    _, seconds, processor, memory = in_process(command, asked.allocator)
    scored = len(folders) * len(list(folders[0].iterdir()))
    return Row(way, seconds, processor if workers == 1 else None, scored, memory)


def values(out: Path, method: str) -> dict[tuple[str, str], float]:
    """Of a run, by image and metric."""
    with (out / "scores.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["method"] == method]
    return {(row["image"], row["metric"]): float(row["value"]) for row in rows if row["value"]}


def make_outputs(data: Path, scratch: Path, methods: int) -> tuple[list[Path], list[Path]]:
    """Folders of result images: bicubic with more and more noise; and the references, in order."""
    import numpy as np

    from srbench.datasets.catalogue import resolve
    from srbench.datasets.folders import find_pairs
    from srbench.images.codec import read_image, write_png
    from srbench.images.pixels import crop_to_multiple
    from srbench.images.resize import imresize

    pairs = find_pairs(resolve("bsd100"), 4, [data])
    random = np.random.default_rng(0)
    folders = [scratch / f"method{index}" for index in range(methods)]
    for pair in pairs:
        reference = crop_to_multiple(read_image(pair.reference), 4)
        write_png(scratch / "references" / f"{pair.image}.png", reference)
        smooth = imresize(imresize(reference, 0.25), 4).astype(np.float64)
        for index, folder in enumerate(folders):
            noisy = smooth + random.normal(0, index + 1, smooth.shape)
            write_png(folder / f"{pair.image}.png", np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
    return folders, [scratch / "references" / f"{pair.image}.png" for pair in pairs]


def give_weights(scratch: Path, asked: argparse.Namespace) -> None:
    """Has this process and those that it starts use the files of NIQE and Ma that were asked for."""
    from tests.metrics.natural.ma_model import write_ma_model

    parameters = asked.niqe_parameters or NIQE_PARAMETERS.cached
    os.environ["SRBENCH_CACHE"] = str(scratch / "cache")
    pull(NIQE_PARAMETERS, parameters)
    pull(MA_MODEL, asked.ma_model or write_ma_model(scratch / "ma.mat"))


def loop_row(way: str, folders: Sequence[Path], references: Sequence[Path], asked: argparse.Namespace) -> Row:
    """A loop over a sample, multiplied up to all outputs."""
    known = [name for name in asked.metrics.split(",") if way == "pyiqa" or name not in ("niqe", "ma")]
    files = {"niqe": str(NIQE_PARAMETERS.cached), "ma": str(MA_MODEL.cached)}
    chosen = references[:: max(1, len(references) // asked.sample)][: asked.sample]
    pairs = [[str(folders[0] / path.name), str(path)] for path in chosen]
    code = "import json, sys; from benchmarks.compare import loop; loop(*json.loads(sys.argv[1]))"
    said = in_process(["-c", code, json.dumps([way, known, files, pairs])], asked.allocator)[0]
    seconds, processor, memory, found = json.loads(said.strip().splitlines()[-1])
    share = len(references) * len(folders) / len(chosen)
    named = {
        (path.stem, name): value
        for path, each in zip(chosen, found, strict=True)
        for name, value in each.items()
    }
    return Row(f"{way} ({', '.join(known)})", seconds * share, processor * share, len(chosen), memory, named)


def measure(asked: argparse.Namespace) -> tuple[list[Row], dict[tuple[str, str], float]]:
    """Every way, one after the other, and srbench's values of the first method."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        give_weights(scratch, asked)
        folders, references = make_outputs(asked.data, scratch, asked.methods)
        rows = []
        for count in dict.fromkeys((1, asked.workers)):
            out = scratch / f"run{count}"
            rows.append(
                srbench(f"srbench, {count} worker{'s' * (count > 1)}", folders, asked.data, out, asked, count)
            )
            rows.append(srbench("srbench, the same command again", folders, asked.data, out, asked, count))
        for way in ("pyiqa", "skimage+lpips"):
            rows.append(loop_row(way, folders, references, asked))
        return rows, values(scratch / "run1", folders[0].name)


def plot(rows: Sequence[Row], path: Path) -> None:
    """Seconds as dots: a logarithmic axis has no zero for bars to begin at."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 0.5 * len(rows) + 1), layout="constrained")
    for place, row in enumerate(rows):
        axes.plot(row.seconds, place, "o", color="C0")
        axes.annotate(f"{row.seconds:,.0f}", (row.seconds, place), (6, 4), textcoords="offset points")
    axes.set_yticks(range(len(rows)), [row.way for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xscale("log")
    axes.margins(x=0.2)
    axes.grid(axis="x", color="0.9")
    axes.set_xlabel("seconds by the clock; of loops, multiplied up from the sample")
    figure.savefig(path)


def main() -> None:
    """Prints two Markdown tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="where BSD100 lies")
    parser.add_argument("--methods", type=int, default=10)
    parser.add_argument("--metrics", default=",".join(METRICS))
    parser.add_argument("--sample", type=int, default=3, help="images that the loops score")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--allocator", choices=tuple(ALLOCATORS), default="default")
    parser.add_argument("--niqe-parameters", type=Path)
    parser.add_argument("--ma-model", type=Path)
    parser.add_argument("--plot", type=Path)
    asked = parser.parse_args()
    rows, ours = measure(asked)
    print("| way | seconds | times srbench's | processor s | times | outputs really scored | peak memory |")
    print("|---|---|---|---|---|---|---|")
    first = rows[0]
    for row in rows:
        cells = [row.way, f"{row.seconds:.0f}", f"{row.seconds / first.seconds:.1f}", "", ""]
        if row.processor is not None and first.processor is not None:
            cells[3:] = [f"{row.processor:.0f}", f"{row.processor / first.processor:.1f}"]
        print(f"| {' | '.join(cells)} | {row.scored} | {row.memory:.0f} MB |")
    print("\n| way | metric | largest difference from srbench |\n|---|---|---|")
    for row in rows:
        for metric in dict.fromkeys(name for _, name in row.values):
            apart = [abs(value - ours[place]) for place, value in row.values.items() if place[1] == metric]
            print(f"| {row.way} | {metric} | {max(apart):.2g} |")
    if asked.plot:
        plot(rows, asked.plot)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        raise SystemExit(str(error)) from None
