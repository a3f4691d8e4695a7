"""Makes docs/gallery.md and its pictures: every figure of `srbench figure list`, small.

    python examples/gallery.py docs [WORK]

Runs are of cut-outs of the embedded photographs, training curves those of the models that ship. What needs
people, ImageNet or BAPPS is drawn from made numbers, and its picture says so. WORK keeps the full figures.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from srbench.cli import app
from srbench.datasets.catalogue import resolve
from srbench.datasets.folders import data_roots, find_pairs
from srbench.report.catalogue import CATALOGUE

ROOT = Path(__file__).parent.parent
SIDE = 240  # pixels of a cut-out
WIDTH = 460  # pixels of a thumbnail
COLOURS = 256
STRIP = 14  # pixels for words above
METHODS = ("nearest", "bicubic", "lanczos", "espcn", "srcnn-srbench", "mix:bicubic,espcn@0:1:0.25")
RATED = {"nearest": 1.4, "bicubic": 2.1, "lanczos": 2.4, "espcn": 3.2, "srcnn-srbench": 3.0}
RECOGNISED = {"nearest": 0.52, "bicubic": 0.58, "lanczos": 0.6, "espcn": 0.66, "baseline": 0.74}
AGREED = {"metric A": 62.0, "metric B": 66.5, "metric C": 69.0, "human": 74.0}
GROUPS = (("distortions", 3.0), ("real", -3.0), ("all", 0.0))
MADE = {"recognition", "2afc", "mos", "scores", "agreement"}


def srbench(*words: str | Path) -> None:
    """A command of srbench in this process."""
    app([str(word) for word in words], standalone_mode=False)


def photographs(folder: Path) -> Path:
    """Cut-outs of the embedded photographs."""
    folder.mkdir(parents=True, exist_ok=True)
    for pair in find_pairs(resolve("demo"), 4, data_roots([])):
        image = Image.open(pair.reference).convert("RGB")
        left, top = (image.width - SIDE) // 2, (image.height - SIDE) // 2
        image.crop((left, top, left + SIDE, top + SIDE)).save(folder / f"{pair.image}.png")
    return folder


def table(path: Path, rows: Iterable[dict[str, object]]) -> Path:
    """A CSV file of made rows."""
    rows = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def ratings(path: Path, images: list[str]) -> Path:
    """Made opinions of twelve raters."""
    random = np.random.default_rng(0)
    return table(
        path,
        (
            {"rater": rater, "dataset": "photos", "scale": 4, "image": image, "method": method,
             "kind": "test", "rating": int(np.clip(round(random.normal(quality, 0.8)), 1, 5))}
            for rater in range(12) for image in images for method, quality in RATED.items()
        ),
    )  # fmt: skip


def choices(path: Path, images: list[str]) -> Path:
    """Made choices of twelve raters between each two methods."""
    random = np.random.default_rng(1)
    pairs = [(a, b) for a in RATED for b in RATED if a < b]
    return table(
        path,
        (
            {"rater": rater, "image": image, "left": a, "right": b,
             "preferred": a if random.random() < 1 / (1 + np.exp(RATED[b] - RATED[a])) else b}
            for rater in range(12) for image in images for a, b in pairs
        ),
    )  # fmt: skip


def recognition(folder: Path) -> Path:
    """A made folder of `srbench recognition`, 1000 images."""
    from srbench.studies.recognition.export import write_files
    from srbench.studies.recognition.measure import Looks
    from srbench.studies.recognition.results import make_rows

    random = np.random.default_rng(2)
    looks = {}
    for classifier, easier in (("classifier A", 0.0), ("classifier B", 0.04)):
        for method, share in RECOGNISED.items():
            ranks = np.where(random.random(1000) < share + easier, 0, random.integers(1, 12, 1000))
            looks[method, classifier] = Looks(ranks, random.random(1000))
    write_files(folder, 4, make_rows(looks), [], [], {}, {}, {})
    return folder


def two_afc(folder: Path) -> Path:
    """A made folder of `srbench bapps-2afc`."""
    rows = (
        {"metric": metric, "group": group, "value": value + shift, "low": value + shift - 1.2,
         "high": value + shift + 1.2, "n": 900, "expected": 900, "subsets": 2, "of_subsets": 2,
         "reported": ""}
        for metric, value in AGREED.items() for group, shift in GROUPS
    )  # fmt: skip
    table(folder / "2afc.csv", rows)
    return folder


def figures(work: Path) -> dict[str, Path]:
    """Makes every figure under `work`; gives the PNG file of each by its name."""
    photos, run, out = photographs(work / "photos"), work / "run", work / "figures"
    images = sorted(path.stem for path in photos.glob("*.png"))
    given = ("--methods", ",".join(METHODS), "--datasets", f"folder:{photos}", "--out", run, "--workers", "1")
    srbench("run", *given, "--protocol", "pirm", "--metrics", "psnr_y,ssim_y,rmse_y,niqe")
    scales = (
        "--methods",
        "bicubic,lanczos",
        "--datasets",
        f"folder:{photos}",
        "--out",
        work / "scales",
        "--workers",
        "1",
    )
    srbench("run", *scales, "--scale", "2,4", "--metrics", "psnr_y,ssim_y")
    boxes = ("--box", "40,40,64,48", "--box", "120,140,64,48")
    srbench("figure", "crops", work / "scales", "--image", "chelsea", *boxes, "--out", out / "crops")
    srbench("figure", "plane", run, "--out", out / "plane")
    bench = (
        "--methods",
        "bicubic,lanczos,espcn,srcnn-srbench",
        "--size",
        "60x60",
        "--out",
        work / "bench.csv",
    )
    srbench("methods", "bench", *bench)
    srbench("figure", "runtimes", run, "--bench", work / "bench.csv", "--out", out / "runtimes")
    srbench("figure", "brightness", run, "--methods", "nearest,bicubic,espcn", "--out", out / "brightness")
    srbench("figure", "active", photos / f"{images[0]}.png", "--out", out / "active")
    srbench("figure", "recognition", recognition(work / "recognition"), "--out", out / "recognition")
    srbench("figure", "2afc", two_afc(work / "2afc"), "--out", out / "2afc")
    srbench("study", "import", ratings(work / "ratings.csv", images), "--out", work / "mos")
    srbench("figure", "mos", work / "mos", "--out", out / "mos")
    shipped = [ROOT / "reference_models" / name for name in ("srcnn", "espcn")]
    srbench("figure", "training", *shipped, "--out", out / "training")
    srbench("report", run, "--figures", "--no-images", "--out", work / "report")
    srbench("study", "import", choices(work / "choices.csv", images), "--out", work / "choices")
    srbench("study", "analyze", work / "choices")
    srbench(
        "agreement", "--study", work / "mos", "--run", run, "--protocol", "pirm", "--out", work / "agreement"
    )
    srbench("atlas", "--references", photos, "--run", run, "--protocol", "pirm", "--out", work / "atlas")
    plots, dataset = work / "report" / "figures", "photos_x4_pirm"
    made = {path.stem: path for path in out.glob("*.png")}
    return made | {
        "strip": plots / f"{dataset}_strip_psnr_y.png",
        "ranks": plots / f"{dataset}_ranks_psnr_y.png",
        "correlation": plots / f"{dataset}_correlation.png",
        "scores": next((work / "choices" / "results").glob("*_scores.png")),
        "agreement": work / "agreement" / "agreement.png",
        "atlas": work / "atlas" / "atlas.png",
    }


def thumbnail(picture: Path, target: Path, *, made: bool) -> None:
    """A small picture of few colours."""
    image = Image.open(picture).convert("RGB")
    image.thumbnail((WIDTH, 2 * WIDTH), Image.Resampling.LANCZOS)
    if made:
        image = ImageOps.expand(image, (0, STRIP, 0, 0), fill="white")
        ImageDraw.Draw(image).text((2, 1), "made data", fill=(190, 0, 0))
    target.parent.mkdir(parents=True, exist_ok=True)
    # Coverage of colours, not of pixels: marks are small.
    few = image.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(target, optimize=True)


HEAD = """# Gallery

Every figure is written as SVG, PDF (letters stay letters) and PNG, with its numbers as CSV beside it under
the same name. What a reader must know (data, protocol, how many images, which direction is better, what the
bars are) stands below it; `--no-caption` leaves that to your own caption, and the files keep it in their
description. This list is for programs too:

```
srbench figure list --json
```

The pictures here are small and made by `make gallery`: from cut-outs of the embedded photographs, from the
models that ship, and, where they say so, from made numbers.
"""


def page() -> str:
    """docs/gallery.md."""
    text = HEAD
    for entry in CATALOGUE:
        repeats = f" Repeats {entry.repeats}." if entry.repeats else ""
        text += f"\n## {entry.name}\n\n![{entry.name}](gallery/{entry.name}.png)\n\n"
        text += f"{entry.shows[0].upper()}{entry.shows[1:]}.{repeats} Needs {entry.needs}.\n\n"
        text += f"```\n{entry.command}\n```\n"
    return text


def main(docs: Path, work: Path) -> None:
    """Makes all figures, their thumbnails and the page."""
    (docs / "gallery.md").write_text(page(), encoding="utf-8")
    for name, picture in figures(work).items():
        thumbnail(picture, docs / "gallery" / f"{name}.png", made=name in MADE)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary))
