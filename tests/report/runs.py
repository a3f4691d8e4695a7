"""A run with awkward names, infinite and missing scores, for the tests of the report."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.helpers import picture, references, save
from tests.working import run

AWKWARD = "</script><b>é '\""


def made_run(folder: Path, count: int = 7) -> Path:
    """A finished run of three methods, the reference, and a folder of results that lacks one image."""
    images = references(folder / "set", count=count, size=(112, 128))
    name = AWKWARD.replace("/", "_")
    results = folder / "results" / name
    shutil.copytree(images, results)
    (results / "c.png").unlink()
    for index, image in enumerate(sorted(results.iterdir())):
        save(image, picture(112, 128, seed=40 + index))
    methods = f"hr,nearest,bicubic,lanczos,outputs:{results}"
    run(images, folder / "run", "--metrics", "psnr_y,ssim_y,rmse_y", methods=methods)
    return folder / "run"
