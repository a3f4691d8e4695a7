"""Speed of the main job: SSIM beside its peers, a whole run beside the least it can cost, start-up.

    python benchmarks/main_job.py [--images DIR] [--threads 2]

Without --images the run is timed on 100 crops of 480x320 from scikit-image's photographs. Every figure is
the median of repeated runs in this process, ours and the peer's in turn on the same pixels.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


def main() -> None:
    """Runs all parts and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, help="a folder of reference images")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch and OpenMP")
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(arguments.threads)
    rows = [*start_up(), *similarity()]
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.images or make_images(Path(scratch) / "images")
        rows += whole_run(folder, Path(scratch))
    width = max(len(name) for name, _ in rows)
    for name, figure in rows:
        print(f"{name:<{width}}  {figure}")


def in_turn(*functions: Callable[[], object], repeats: int = 15) -> list[float]:
    """The median seconds of each function, called in turn after one call that is not counted."""
    for function in functions:
        function()
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats):
        for index, function in enumerate(functions):
            begin = time.perf_counter()
            function()
            times[index].append(time.perf_counter() - begin)
    return [statistics.median(part) for part in times]


def start_up() -> list[tuple[str, str]]:
    """How long the commands that only talk take, best of five."""
    rows = []
    for words in (["--help"], ["methods", "list"]):
        command = [sys.executable, "-c", "from srbench.cli import main; main()", *words]
        times = []
        for _ in range(5):
            begin = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            times.append(time.perf_counter() - begin)
        rows.append((f"srbench {' '.join(words)}", f"{min(times):.2f} s"))
    return rows


def similarity() -> list[tuple[str, str]]:
    """Wang's SSIM in double precision at 481x321, the same window and region."""
    import torch
    from skimage.metrics import structural_similarity

    from srbench.metrics.luma.structural_similarity import ssim_wang

    random = np.random.default_rng(0)
    reference = random.random((321, 481)) * 255
    output = np.clip(reference + random.normal(0, 8, reference.shape), 0, 255)
    tensors = [torch.from_numpy(plane)[None, None] / 255 for plane in (output, reference)]

    def ours() -> float:
        return ssim_wang(output, reference)

    def scikit_image() -> float:
        return structural_similarity(
            output, reference, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
        )

    peers: dict[str, Callable[[], object]] = {"scikit-image": scikit_image}
    try:
        from pyiqa.archs.ssim_arch import ssim
    except ImportError:
        pass
    else:
        peers["pyiqa"] = lambda: ssim(*tensors, data_range=1.0)
    seconds, *others = in_turn(ours, *peers.values())
    rows = [("SSIM 481x321, srbench", f"{1e3 * seconds:.2f} ms")]
    for name, other in zip(peers, others, strict=True):
        rows.append((f"SSIM 481x321, {name}", f"{1e3 * other:.2f} ms, {other / seconds:.1f} times ours"))
    return rows


def make_images(folder: Path) -> Path:
    """100 crops of 480x320 from the demo photographs, as PNG with the usual compression."""
    from PIL import Image

    from srbench.datasets.catalogue import DATASETS
    from srbench.images.codec import read_image

    demo = DATASETS.get("demo")
    assert demo.folder is not None
    photographs = [read_image(demo.folder / name) for name in demo.only]
    large = [image for image in photographs if image.shape[0] >= 320 and image.shape[1] >= 480]
    random = np.random.default_rng(0)
    folder.mkdir()
    for index in range(100):
        image = large[index % len(large)]
        top = random.integers(0, image.shape[0] - 320 + 1)
        left = random.integers(0, image.shape[1] - 480 + 1)
        Image.fromarray(image[top : top + 320, left : left + 480]).save(folder / f"crop_{index:03d}.png")
    return folder


def whole_run(folder: Path, scratch: Path) -> list[tuple[str, str]]:
    """A run of bicubic with PSNR and SSIM beside decoding and the two metrics alone, one process."""
    from PIL import Image

    from srbench.images.codec import read_image
    from srbench.images.resize import imresize

    low = scratch / "low"
    low.mkdir()
    files = sorted(path for path in folder.iterdir() if path.suffix == ".png")
    data = scratch / "data" / "bench" / "image_SRF_4"
    data.mkdir(parents=True)
    for path in files:
        image = read_image(path)
        height, width = (length - length % 4 for length in image.shape[:2])
        Image.fromarray(image[:height, :width]).save(data / f"{path.stem}_HR.png")
        Image.fromarray(imresize(image[:height, :width], 0.25)).save(data / f"{path.stem}_LR.png")
    outputs = [imresize(read_image(data / f"{path.stem}_LR.png"), 4) for path in files]

    counter = iter(range(1000))
    fresh, again = in_turn(
        lambda: run(data.parent, scratch / f"run{next(counter)}"),
        lambda: run(data.parent, scratch / "run0"),
        repeats=5,
    )
    (least,) = in_turn(lambda: least_work(data, outputs), repeats=5)
    count = len(files)
    return [
        (f"decoding and both metrics alone, {count} images", f"{least:.2f} s"),
        (f"whole run of bicubic, {count} images", f"{fresh:.2f} s, {fresh / least:.2f} times that"),
        ("the same run again, nothing to compute", f"{again:.2f} s"),
    ]


def run(folder: Path, out: Path) -> None:
    """One run in this process."""
    from srbench.runs.run import Options
    from srbench.runs.run import run as run_all

    options = Options(
        methods="bicubic",
        datasets=f"folder:{folder}",
        scale=4,
        metrics="psnr_y,ssim_y",
        protocol="srbench",
        roots=(),
        out=out,
        device="cpu",
        workers=1,
        executor="local",
    )
    run_all(options)


def least_work(data: Path, outputs: list[np.ndarray]) -> None:
    """Decoding both images of each pair and the two metrics of an output that is there."""
    from srbench.images.codec import read_image
    from srbench.metrics.catalogue import METRICS
    from srbench.metrics.contract import View
    from srbench.protocols import PROTOCOLS

    protocol = PROTOCOLS.get("srbench")
    references = sorted(data.glob("*_HR.png"))
    for path, output in zip(references, outputs, strict=True):
        read_image(path.with_name(path.name.replace("_HR", "_LR")))
        views = View(output, protocol, 4), View(read_image(path), protocol, 4)
        for name in ("psnr_y", "ssim_y"):
            METRICS.get(name).score(*views)


if __name__ == "__main__":
    main()
