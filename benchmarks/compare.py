"""srbench beside loops over pyiqa, and over scikit-image and lpips, in one run on one machine.

    python benchmarks/compare.py --data DIR --methods 10 [--metrics LIST] [--sample 3] [--plot FILE.svg]

DIR holds BSD100. Every way scores the same output images from the same files, with one thread a process.
The loops score a sample of the images; their time is multiplied up to all.
`--niqe-parameters` and `--ma-model` are the authors' files, which pyiqa would otherwise download.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

METRICS = ("psnr_y", "ssim_y", "niqe", "ma", "lpips-alex")
_PYIQA = {"psnr_y": "psnry", "ssim_y": "ssim", "niqe": "niqe", "lpips-alex": "lpips", "ma": "nrqm"}
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Row:
    """One way of scoring: seconds for all images, the number really scored, peak memory in MB."""

    way: str
    seconds: float
    scored: int
    memory: float


def loop(way: str, metrics: Sequence[str], files: dict[str, str], pairs: Sequence[tuple[str, str]]) -> None:
    """What users write: every metric of every image, one after the other. Run in a process of its own."""
    import torch

    torch.set_num_threads(int(os.environ[_THREADS[0]]))
    score = _pyiqa(metrics, files) if way == "pyiqa" else _classic(metrics)
    start = time.perf_counter()
    for output, reference in pairs:
        score(Path(output), Path(reference))
    seconds = time.perf_counter() - start
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def _pyiqa(metrics: Sequence[str], files: dict[str, str]) -> Callable[[Path, Path], object]:
    import pyiqa

    own = {name: {"pretrained_model_path": files[name]} for name in metrics if files.get(name)}
    made = [(name, pyiqa.create_metric(_PYIQA[name], device="cpu", **own.get(name, {}))) for name in metrics]

    def score(output: Path, reference: Path) -> object:
        return [
            float(metric(str(output)) if name in ("niqe", "ma") else metric(str(output), str(reference)))
            for name, metric in made
        ]

    return score


def _classic(metrics: Sequence[str]) -> Callable[[Path, Path], object]:
    import lpips
    import numpy as np
    from PIL import Image
    from skimage.color import rgb2ycbcr
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    network = lpips.LPIPS(net="alex", verbose=False) if "lpips-alex" in metrics else None

    def score(output: Path, reference: Path) -> object:
        """What a user's loop computes for one image, in the order of the metrics."""
        images = [np.asarray(Image.open(path).convert("RGB")) for path in (output, reference)]
        luma = [rgb2ycbcr(image)[4:-4, 4:-4, 0] for image in images]
        found = []
        if "psnr_y" in metrics:
            found.append(peak_signal_noise_ratio(luma[1], luma[0], data_range=255))
        if "ssim_y" in metrics:
            options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
            found.append(structural_similarity(luma[1], luma[0], data_range=255, **options))
        if network is not None:
            tensors = [lpips.im2tensor(image[4:-4, 4:-4]) for image in images]
            found.append(network(*tensors).item())
        return found

    return score


def in_process(arguments: Sequence[str], threads: int) -> tuple[str, float, float]:
    """Output, seconds and peak memory (MB, children included) of a process with so many threads."""
    environment = os.environ | dict.fromkeys(_THREADS, str(threads))
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr.strip()[-400:]}")
    return done.stdout, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def srbench(folders: Sequence[Path], data: Path, out: Path, metrics: Sequence[str], workers: int) -> float:
    """Seconds of a whole run over result images, start-up and tables included."""
    methods = ",".join(f"outputs:{folder}" for folder in folders)
    command = [
        "-m", "srbench", "run", "--methods", methods, "--datasets", "bsd100", "--metrics", ",".join(metrics),
        "--data-root", str(data), "--out", str(out), "--device", "cpu", "--workers", str(workers),
    ]  # fmt: skip
    return in_process(command, 1)[1]


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


def loop_row(
    way: str,
    metrics: Sequence[str],
    folders: Sequence[Path],
    references: Sequence[Path],
    sample: int,
    files: dict[str, str],
) -> Row:
    """A loop over a sample, multiplied up to all outputs."""
    known = [name for name in metrics if way == "pyiqa" or name not in ("niqe", "ma")]
    chosen = references[:: max(1, len(references) // sample)][:sample]
    pairs = [[str(folders[0] / path.name), str(path)] for path in chosen]
    code = "import json, sys; from benchmarks.compare import loop; loop(*json.loads(sys.argv[1]))"
    said, _, _ = in_process(["-c", code, json.dumps([way, known, files, pairs])], 1)
    seconds, memory = json.loads(said.strip().splitlines()[-1])
    every = len(references) * len(folders)
    return Row(f"{way} ({', '.join(known)})", seconds / len(chosen) * every, len(chosen), memory)


def measure(
    data: Path, methods: int, metrics: Sequence[str], sample: int, workers: int, files: dict[str, str]
) -> list[Row]:
    """Every way, one after the other."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folders, references = make_outputs(data, scratch, methods)
        every = len(folders) * len(references)
        rows = []
        for count in dict.fromkeys((1, workers)):
            out = scratch / f"run{count}"
            first = srbench(folders, data, out, metrics, count)
            memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            rows.append(Row(f"srbench, {count} worker{'s' * (count > 1)}", first, every, memory))
            rows.append(
                Row("srbench, the same command again", srbench(folders, data, out, metrics, count), 0, memory)
            )
        for way in ("pyiqa", "skimage+lpips"):
            rows.append(loop_row(way, metrics, folders, references, sample, files))
    return rows


def plot(rows: Sequence[Row], path: Path) -> None:
    """Seconds as bars on a logarithmic axis."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 0.5 * len(rows) + 1), layout="constrained")
    axes.barh([row.way for row in rows][::-1], [row.seconds for row in rows][::-1])
    axes.set_xscale("log")
    axes.set_xlabel("seconds, one thread a process")
    figure.savefig(path)


def main() -> None:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="where BSD100 lies")
    parser.add_argument("--methods", type=int, default=10)
    parser.add_argument("--metrics", default=",".join(METRICS))
    parser.add_argument("--sample", type=int, default=3, help="images that the loops score")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--niqe-parameters", default="")
    parser.add_argument("--ma-model", default="")
    parser.add_argument("--plot", type=Path)
    asked = parser.parse_args()
    files = {"niqe": asked.niqe_parameters, "ma": asked.ma_model}
    rows = measure(asked.data, asked.methods, asked.metrics.split(","), asked.sample, asked.workers, files)
    print("| way | seconds | times srbench | outputs really scored | peak memory |\n|---|---|---|---|---|")
    for row in rows:
        times = f"{row.seconds / rows[0].seconds:.1f}"
        print(f"| {row.way} | {row.seconds:.0f} | {times} | {row.scored} | {row.memory:.0f} MB |")
    if asked.plot:
        plot(rows, asked.plot)


if __name__ == "__main__":
    main()
