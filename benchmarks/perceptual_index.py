"""NIQE, Ma and the perceptual index: processor time per image and peak memory, srbench beside pyiqa.

    python benchmarks/perceptual_index.py [--quick] [--niqe-parameters FILE] [--ma-model FILE]

Both programs get the same gray images in one run, each measurement in a process of its own with one
thread. It is done twice, with the C library's allocator as it is and told to keep its memory: much of
pyiqa's time is page faults, which the second way spares it. Without model files, made ones of realistic
size serve: the time does not depend on what is in them.

A last table shows where srbench's time goes: a third is the similarity maps (65 filters of 11 taps in each
direction) and a quarter the normalisation of the twelve bands (a quadratic form of 14 or 15 values a
pixel), whose second moments come from the image's spectrum.
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
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SMALL, LARGE, HUGE = (320, 480), (1024, 1024), (2448, 3264)
METRICS = ("niqe", "ma", "pi")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ALLOCATORS = {
    "default": {},
    "tuned": {
        "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
        "MALLOC_TRIM_THRESHOLD_": str(4 << 30),
        "MALLOC_TOP_PAD_": str(256 << 20),
    },
}
Score = Callable[[np.ndarray], float]


def made_image(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Noise with the falling spectrum of photographs, uint8."""
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=(height, width)))
    y, x = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    image = np.fft.irfft2(noise / (np.hypot(x, y) + 0.01), s=(height, width))
    return np.clip(128 + 40 * image / image.std(), 0, 255).astype(np.uint8)


def made_files(folder: Path, options: argparse.Namespace) -> tuple[Path, Path]:
    """NIQE's parameters and Ma's model: the given ones, or made ones."""
    from scipy.io import savemat

    from tests.metrics.natural.ma_model import write_ma_model

    parameters = options.niqe_parameters or folder / "niqe.mat"
    if options.niqe_parameters is None:
        savemat(parameters, {"mu_prisparam": np.linspace(0.1, 2, 36)[None], "cov_prisparam": np.eye(36)})
    return parameters, options.ma_model or write_ma_model(folder / "ma.mat")


def our_scores(parameters_file: Path, model_file: Path) -> dict[str, Score]:
    """srbench's functions of a gray image, with the files loaded."""
    from srbench.metrics.natural.ma import load_ma_model, ma
    from srbench.metrics.natural.niqe import load_niqe_parameters, niqe

    parameters, model = load_niqe_parameters(parameters_file), load_ma_model(model_file)
    return {
        "niqe": lambda image: niqe(image, parameters),
        "ma": lambda image: ma(image, model),
        "pi": lambda image: ((10 - ma(image, model)) + niqe(image, parameters)) / 2,
    }


def pyiqa_scores(parameters_file: Path, model_file: Path) -> dict[str, Score]:
    """pyiqa's functions of a gray image."""
    import torch
    from pyiqa.archs.niqe_arch import NIQE
    from pyiqa.archs.niqe_arch import niqe as port_niqe
    from pyiqa.archs.nrqm_arch import NRQM, nrqm

    torch.set_num_threads(1)
    niqe_module = NIQE(pretrained_model_path=str(parameters_file))
    ma_module = NRQM(pretrained_model_path=str(model_file))
    mean, covariance = niqe_module.mu_pris_param[None], niqe_module.cov_pris_param[None]

    def tensor(image: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(image.astype(np.float64))[None, None]

    def niqe(image: np.ndarray) -> float:
        return float(port_niqe(tensor(image), mean, covariance))

    def ma(image: np.ndarray) -> float:
        return float(nrqm(tensor(image), ma_module.linear_param, ma_module.rf_params_list))

    return {"niqe": niqe, "ma": ma, "pi": lambda image: ((10 - ma(image)) + niqe(image)) / 2}


def peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(program: str, metric: str, size: tuple[int, int], repeats: int, files: tuple[Path, Path]) -> None:
    """Time one metric in this process and print seconds per image and memory as JSON."""
    score = (our_scores if program == "srbench" else pyiqa_scores)(*files)[metric]
    if program == "srbench":
        score(made_image(192, 192))  # loads the compiled code
    image = made_image(*size)
    before = peak_mebibytes()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        value = score(image)
        times.append(time.process_time() - start)
    peak = peak_mebibytes()
    print(json.dumps({"seconds": min(times), "peak": peak, "above_start": peak - before, "value": value}))


def in_a_process(arguments: list[str], allocator: str) -> dict[str, float]:
    environment = {**os.environ, **ONE_THREAD, **ALLOCATORS[allocator]}
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(files: tuple[Path, Path], sizes: list[tuple[int, int]], metrics: tuple[str, ...]) -> None:
    """Prints a row per image size, metric and allocator: seconds and peak memory of both."""
    print("| image | metric | allocator | pyiqa s | srbench s | ratio | pyiqa peak MiB | srbench peak MiB |")
    print("|---|---|---|---|---|---|---|---|")
    for size in sizes:
        for metric in metrics:
            for allocator in ALLOCATORS:
                results = {}
                # Tuned, the first call still touches its memory for the first time: take the best of three.
                theirs_repeats = 3 if metric == "niqe" or allocator == "tuned" else 1
                for program, repeats in (("pyiqa", theirs_repeats), ("srbench", 5)):
                    name = ["--measure", program, metric, *map(str, size), str(repeats), *map(str, files)]
                    results[program] = in_a_process(name, allocator)
                theirs, ours = results["pyiqa"], results["srbench"]
                print(
                    f"| {size[1]}x{size[0]} | {metric} | {allocator} | {theirs['seconds']:.3f} "
                    f"| {ours['seconds']:.4f} | {theirs['seconds'] / ours['seconds']:.0f} "
                    f"| {theirs['peak']:.0f} | {ours['peak']:.0f} |",
                    flush=True,
                )


def huge(files: tuple[Path, Path]) -> None:
    result = in_a_process(["--measure", "srbench", "pi", *map(str, HUGE), "1", *map(str, files)], "default")
    print(
        f"\n8 megapixels ({HUGE[1]}x{HUGE[0]}), PI, default allocator: {result['seconds']:.1f} s, "
        f"peak {result['peak']:.0f} MiB, {result['above_start']:.0f} above the start"
    )


_scores: dict[str, Score] = {}


def _start_worker(files: tuple[Path, Path]) -> None:
    _scores.update(our_scores(*files))
    _scores["pi"](made_image(192, 192))


def _score_seed(seed: int) -> float:
    return _scores["pi"](made_image(*SMALL, seed % 8))


def workers(files: tuple[Path, Path], count: int) -> None:
    """PI of `count` images with one and with two worker processes of one thread each."""
    os.environ.update(ONE_THREAD)
    print(f"\n| workers | seconds for {count} images of {SMALL[1]}x{SMALL[0]} (PI) | ratio |\n|---|---|---|")
    first = 0.0
    for number in (1, 2):
        with ProcessPoolExecutor(
            number, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(files,)
        ) as pool:
            list(pool.map(_score_seed, range(4 * number)))
            start = time.perf_counter()
            list(pool.map(_score_seed, range(count)))
            seconds = time.perf_counter() - start
        first = first or seconds
        print(f"| {number} | {seconds:.2f} | {first / seconds:.2f} |", flush=True)


def steps(files: tuple[Path, Path]) -> None:
    """Milliseconds of processor time of srbench's own steps at 480x320, one thread."""
    from itertools import combinations

    from srbench.metrics.natural.ma import dct, load_ma_model, ma_features, mixture, singular, tree_values
    from srbench.metrics.natural.ma.normalise import normalised_bands
    from srbench.metrics.natural.ma.pyramid import build_pyramid
    from srbench.metrics.natural.ma.structure import contrast_structure
    from srbench.metrics.natural.niqe import niqe_features

    image = made_image(*SMALL).astype(np.float64)
    pyramid = build_pyramid(image, "official")
    model, groups = load_ma_model(files[1]), ma_features(image)
    fine = pyramid.fine, pyramid.fine_correlations
    pairs = np.array(list(combinations(range(6), 2)))
    across = np.array([(band, 12) for band in range(12)])
    parts: list[tuple[str, Callable[[], object]]] = [
        ("NIQE: features of all blocks", lambda: niqe_features(image)),
        ("Ma: block DCT statistics, first scale", lambda: dct.dct_features(image / 255, "official")),
        ("Ma: singular values, first scale", lambda: singular.singular_values(image / 255)),
        ("Ma: pyramid (14 Fourier transforms, correlations)", lambda: build_pyramid(image, "official")),
        ("Ma: fine bands normalised", lambda: normalised_bands(*fine, 16, pyramid.parents[:5])),
        (
            "Ma: coarse bands normalised",
            lambda: normalised_bands(pyramid.coarse, pyramid.coarse_correlations, 8),
        ),
        (
            "Ma: similarities of 12 bands with one",
            lambda: contrast_structure(pyramid.planes, across, clamp=False),
        ),
        ("Ma: similarities of 15 pairs", lambda: contrast_structure(pyramid.planes[:6], pairs, clamp=False)),
        ("Ma: all of the second group", lambda: mixture.mixture_features(image, "official")),
        ("Ma: forests", lambda: [tree_values(*pair) for pair in zip(model.forests, groups, strict=True)]),
        ("Ma: all features", lambda: ma_features(image)),
    ]
    print("\n| step | ms of processor time |\n|---|---|")
    for name, run in parts:
        run()
        seconds = []
        for _ in range(7):
            start = time.process_time()
            run()
            seconds.append(time.process_time() - start)
        print(f"| {name} | {1e3 * min(seconds):.1f} |")


def main() -> None:
    """Runs the parts that were asked for and prints their tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="480x320 only, 20 images for the workers")
    parser.add_argument("--niqe-parameters", type=Path)
    parser.add_argument("--ma-model", type=Path)
    parser.add_argument("--only", choices=("compare", "workers", "steps", "huge"), help="one part only")
    parser.add_argument("--measure", nargs=7, metavar="X", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        program, metric, height, width, repeats, parameters, model = options.measure
        files = (Path(parameters), Path(model))
        measure(program, metric, (int(height), int(width)), int(repeats), files)
        return
    with tempfile.TemporaryDirectory() as folder:
        files = made_files(Path(folder), options)
        if options.only in (None, "compare"):
            compare(files, [SMALL] if options.quick else [SMALL, LARGE], METRICS)
        if options.only == "huge" or (options.only is None and not options.quick):
            huge(files)
        if options.only in (None, "workers"):
            workers(files, 20 if options.quick else 100)
        if options.only in (None, "steps"):
            os.environ.update(ONE_THREAD)
            steps(files)


if __name__ == "__main__":
    main()
