"""Speed of the metrics on ImageNet networks, beside the lpips package, with the same made weights.

    python benchmarks/deep_metrics.py [--images DIR] [--count 5] [--networks alex,squeeze,vgg] [--threads 1]
                                      [--triplets 400] [--parts lpips,bapps,recognition,memory]

Ours and the peer's run in turn in this process. LPIPS: ten outputs of each image. BAPPS: the official
loop over files that this program makes, in batches of 50. Recognition: how much of the time is the
classifier's. Memory: an 8-megapixel pair, streamed beside whole, each in a process of its own (AlexNet and
SqueezeNet; minutes for VGG).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from PIL import Image

from srbench.core.files import file_hash
from srbench.core.records import UserError
from srbench.core.torch_files import TorchHubFile
from srbench.core.weights import pull
from srbench.datasets.bapps import Item
from srbench.datasets.imagenet import LabelledImage
from srbench.images.codec import IMAGE_SUFFIXES, read_image
from srbench.images.pixels import as_rgb
from srbench.methods.catalogue import resolve
from srbench.methods.contract import Runtime
from srbench.metrics.contract import View
from srbench.metrics.deep import lpips as ours
from srbench.metrics.deep.features import ALEX, SQUEEZE, VGG, Backbone, open_network
from srbench.metrics.deep.lpips import FeatureDistance
from srbench.protocols import PROTOCOLS
from srbench.studies.bapps.distances import NetworkMetrics, feature_scorer
from srbench.studies.bapps.measure import Measurement
from srbench.studies.recognition.classifiers import Classifier
from srbench.studies.recognition.measure import Measurement as RecognitionMeasurement
from srbench.studies.recognition.measure import Preparation

METHODS = 10
OFFICIAL_BATCH = 50
CLASSIFIER_IMAGES = 48
LARGE = (2448, 3264)


def main() -> None:
    """Runs the parts that were asked for and prints a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, help="a folder of images, e.g. BSD100; made ones without it")
    parser.add_argument("--count", type=int, default=5, help="images for the LPIPS part")
    parser.add_argument("--networks", default="alex,squeeze,vgg")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--triplets", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--parts", default="lpips,bapps,recognition")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    parts = arguments.parts.split(",")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SRBENCH_CACHE"] = str(Path(folder) / "cache")
        for name in arguments.networks.split(","):
            pair = Pair(name, Path(folder))
            if "lpips" in parts:
                print(f"lpips-{name}: {lpips_part(pair, arguments)}", flush=True)
            if "bapps" in parts:
                print(f"bapps-2afc, lpips-{name}: {bapps_part(pair, Path(folder), arguments)}", flush=True)
            if "memory" in parts:
                print(f"8 megapixels, lpips-{name}: {memory_part(pair, arguments.threads)}", flush=True)
        if "recognition" in parts:
            print(f"recognition, resnet50: {recognition_part(Path(folder))}", flush=True)


class Pair:
    """A network with made weights here, and the same in the lpips package."""

    def __init__(self, name: str, folder: Path) -> None:
        import lpips

        torch.manual_seed(0)
        backbone = {known.name: known for known in (ALEX, SQUEEZE, VGG)}[name]  # type: ignore[index]
        with warnings.catch_warnings(action="ignore"):
            self.official = lpips.LPIPS(net=name, pnet_rand=True, verbose=False).eval()
        features = getattr(torchvision.models, backbone.builder)(weights=None).features
        for layer, official in zip(features, _layers(self.official.net), strict=False):
            layer.load_state_dict(official.state_dict())
        path = folder / f"{name}.pth"
        torch.save({f"features.{key}": value for key, value in features.state_dict().items()}, path)
        self.backbone = _published_as(backbone, path)
        self.metric = FeatureDistance(self.backbone, linear=True)

    def distance(self, reference: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        """The package's distances, N x 3 x H x W in [-1, 1]."""
        with torch.no_grad():
            return self.official(reference, outputs).flatten()


def _layers(slices: torch.nn.Module) -> Iterator[torch.nn.Module]:
    for name, part in slices.named_children():
        if name.startswith("slice"):
            yield from part.children()


def _published_as(backbone: Backbone, path: Path) -> Backbone:
    file = TorchHubFile(path.stem, (file_hash(path),), "made", "none", "none", url=path.as_uri())
    pull(file, path)
    return replace(backbone, file=file)


def in_turn(first: Callable[[], Any], second: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """The median seconds of both, called in turn after a call that is not counted."""
    times: tuple[list[float], list[float]] = ([], [])
    for round_ in range(repeats + 1):
        for function, kept in zip((first, second), times, strict=True):
            begin = time.perf_counter()
            function()
            if round_:
                kept.append(time.perf_counter() - begin)
    return statistics.median(times[0]), statistics.median(times[1])


def lpips_part(pair: Pair, arguments: argparse.Namespace) -> str:
    """Ten outputs of each image: the reference side once, beside the package called per pair."""
    protocol = PROTOCOLS.get("srbench")
    images = _images(arguments.images, arguments.count)
    outputs = [[_noisy(image, seed) for seed in range(METHODS)] for image in images]

    def mine() -> list[float]:
        found = []
        for image, made in zip(images, outputs, strict=True):
            reference = View(image, protocol, 4)
            found += [pair.metric(View(output, protocol, 4), reference) for output in made]
        return found

    def theirs() -> list[float]:
        pairs = ((image, output) for image, made in zip(images, outputs, strict=True) for output in made)
        return [float(pair.distance(_tensor([image]), _tensor([output]))) for image, output in pairs]

    largest = float(np.max(np.abs(np.array(mine()) - np.array(theirs()))))
    a, b = in_turn(mine, theirs, arguments.repeats)
    mean, package = (1e3 * seconds / (len(images) * METHODS) for seconds in (a, b))
    return f"{mean:.1f} ms, package {package:.1f} ms: {b / a:.2f} times; differ by {largest:.1e}"


def bapps_part(pair: Pair, folder: Path, arguments: argparse.Namespace) -> str:
    """Triplets per second from files to distances, beside the official loop over the same files."""
    items = _triplets(folder / "bapps", arguments.triplets)
    network = open_network(pair.backbone)
    group = NetworkMetrics(network, {"lpips": feature_scorer(pair.metric.weights(network))})

    def mine() -> np.ndarray:
        measurement = Measurement([], [group], device="cpu", batch_size=OFFICIAL_BATCH, say=print)
        return measurement.subset(items, lambda: None).distances["lpips"]

    def theirs() -> np.ndarray:
        """As the official evaluation goes through a data set."""
        found = []
        for begin in range(0, len(items), OFFICIAL_BATCH):
            part = items[begin : begin + OFFICIAL_BATCH]
            reference, first, second = (
                _official_batch([item.files[role] for item in part]) for role in range(3)
            )
            found.append(
                torch.stack([pair.distance(reference, first), pair.distance(reference, second)], dim=1)
            )
        return torch.cat(found).numpy()

    largest = float(np.abs(mine() - theirs()).max())
    a, b = in_turn(mine, theirs, arguments.repeats)
    return (
        f"{len(items) / a:.1f} triplets/s, official loop {len(items) / b:.1f}: {b / a:.2f} times; "
        f"differ by {largest:.1e}"
    )


def _official_batch(paths: list[Path]) -> torch.Tensor:
    """data/dataset/twoafc_dataset.py of the LPIPS repository."""
    from torchvision import transforms

    transform = transforms.Compose(
        [transforms.Resize(64), transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)]
    )
    return torch.stack([transform(Image.open(path).convert("RGB")) for path in paths])


def recognition_part(folder: Path) -> str:
    """Bicubic outputs under one classifier: the share of the time that its network takes."""
    with torch.device("cpu"):
        network = torchvision.models.resnet50(weights=None).eval().to(memory_format=torch.channels_last)
    classifier = Classifier("resnet50", network, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "cpu")
    images = []
    for number in range(CLASSIFIER_IMAGES):
        path = folder / "imagenet" / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(_made(number, (375, 500))).save(path, quality=92)
        images.append(LabelledImage(path, number))
    preparation = Preparation(256, 224, 4, PROTOCOLS.get("srbench"))
    upscalers = {"bicubic": resolve("bicubic").open(Runtime())}
    measurement = RecognitionMeasurement(upscalers, [classifier], preparation, batch_size=32, say=print)
    pixels = [_made(number, (224, 224)) for number in range(2 * CLASSIFIER_IMAGES)]

    def everything() -> None:
        measurement.run(images, lambda: None)

    whole, alone = in_turn(everything, lambda: classifier.logits(pixels), 2)
    return f"{whole:.2f} s, of which the classifier alone {alone:.2f} s ({100 * alone / whole:.0f}%)"


def memory_part(pair: Pair, threads: int) -> str:
    """An 8-megapixel pair in strips and whole: values, seconds and the peak memory of a process for each."""
    # Forking would inherit this process's memory, and its peak with it.
    context = multiprocessing.get_context("spawn")
    figures, values = [], []
    for limit in (0, 1 << 40):
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            value, seconds, peak = pool.submit(_large_pair, pair.backbone, limit, threads).result()
        values.append(value)
        figures.append(f"{seconds:.1f} s, peak {peak:.0f} MiB")
    return (
        f"streamed {figures[0]}; whole {figures[1]}; differ by {abs(values[0] - values[1]) / values[1]:.1e}"
    )


def _large_pair(backbone: Backbone, limit: int, threads: int) -> tuple[float, float, float]:
    """Distance, seconds and the peak MiB of this process, where features of `limit` bytes may be held."""
    torch.set_num_threads(threads)
    ours.KEEP_BYTES = limit
    protocol = PROTOCOLS.get("srbench")
    image = _made(0, LARGE)
    output = _noisy(image, 1)
    begin = time.perf_counter()
    value = FeatureDistance(backbone, linear=True)(View(output, protocol, 4), View(image, protocol, 4))
    seconds = time.perf_counter() - begin
    return value, seconds, _peak()


def _peak() -> float:
    """The peak memory of this process in MiB, on Linux.

    `getrusage` would count the parent's, from which the process was started, as well.
    """
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def _images(folder: Path | None, count: int) -> list[np.ndarray]:
    if folder is None:
        return [_made(number, (320, 480)) for number in range(count)]
    files = sorted(path for path in folder.rglob("*_HR*") if path.suffix in IMAGE_SUFFIXES)
    files = files or sorted(path for path in folder.rglob("*") if path.suffix in IMAGE_SUFFIXES)
    if not files:
        raise UserError(f"{folder} holds no images")
    return [as_rgb(read_image(path)) for path in files[:count]]


def _made(seed: int, shape: tuple[int, int]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (shape[0] // 8, shape[1] // 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize(shape[::-1], Image.Resampling.BICUBIC))


def _noisy(image: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(-20, 21, image.shape, dtype=np.int16)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def _triplets(folder: Path, count: int) -> list[Item]:
    items = []
    for number in range(count):
        reference = _made(number, (64, 64))
        files = []
        for role, image in (("ref", reference), ("p0", _noisy(reference, 1)), ("p1", _noisy(reference, 2))):
            path = folder / role / f"{number:06d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
            files.append(path)
        items.append(Item("made", f"{number:06d}", tuple(files), 0.5))
    return items


def _tensor(images: list[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 127.5 - 1


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        raise SystemExit(str(error)) from None
