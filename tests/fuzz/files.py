"""Good files of every kind that is read from outside, and the reader of each."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from tests.core.matlab_files import cells, matlab_file, numbers, text
from tests.helpers import command, picture, references


@dataclass(frozen=True)
class Kind:
    """How a file is called, what a good one holds, and what reads it."""

    name: str
    content: Callable[[], bytes]
    read: Callable[[Path], object]


def _image(kind: str) -> Callable[[], bytes]:
    def made() -> bytes:
        from PIL import Image

        stream = io.BytesIO()
        Image.fromarray(picture(16, 20)).save(stream, format=kind)
        return stream.getvalue()

    return made


def _read_image(path: Path) -> object:
    from srbench.images.codec import read_image

    return read_image(path)


def _tensors(path: Path) -> object:
    from srbench.methods.files.checkpoints.containers import read_tensors

    return read_tensors(path)


def _checkpoint(*, zipped: bool) -> Callable[[], bytes]:
    def made() -> bytes:
        import torch

        stream = io.BytesIO()
        state = {"state_dict": {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}}
        torch.save(state, stream, _use_new_zipfile_serialization=zipped)
        return stream.getvalue()

    return made


def _safetensors() -> bytes:
    from safetensors.numpy import save

    return save({"a.weight": np.ones((2, 3), np.float32)}, {"name": "model"})


def _matlab() -> bytes:
    return matlab_file(_NUMBERS, _CELLS)


def _read_matlab(path: Path) -> object:
    from srbench.core.matlab import read_matlab

    return read_matlab(path, "a", "c")


def _tensorflow1() -> bytes:
    from tests.methods.files.tensorflow_writer import checkpoint

    return checkpoint({"w": np.ones((2, 2), np.float32)})


@lru_cache(maxsize=1)
def _run_files() -> dict[str, bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        images = references(Path(name) / "mine", count=2)
        out = Path(name) / "out"
        ended = command(
            "run", "--methods", "nearest,bicubic", "--datasets", f"folder:{images}", "--metrics", "psnr_y",
            "--out", out, "--workers", "1", "--device", "cpu",
        )  # fmt: skip
        assert ended.code == 0, ended.err
        return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}


def _run_file(name: str) -> Callable[[], bytes]:
    return lambda: _run_files()[name]


def _read_run(path: Path) -> object:
    """The folder of the file, in which the others of the run are whole; the store last, where it is read."""
    from srbench.runs.reader import read_run

    for name, content in _run_files().items():
        if name != path.name and (name != "store.sqlite" or path.name == "scores.csv"):
            (path.parent / name).write_bytes(content)
    return read_run(path.parent)


def _read_store(path: Path) -> object:
    from srbench.runs.data import stored_run
    from srbench.runs.store import Store

    with Store(path.parent, read_only=True) as store:
        return stored_run(store)


def _read_protocol(path: Path) -> object:
    from srbench.protocol_files import read_protocol

    return read_protocol(path)


def _read_config(path: Path) -> object:
    from srbench.runs.config import read_config

    return read_config(path)


def _read_opinions(path: Path) -> object:
    from srbench.studies.agreement.opinions import read_opinions

    return read_opinions(path)


def _read_ratings(path: Path) -> object:
    from srbench.studies.people.transfer import import_table

    return import_table(path, path.parent / f"study{path.stat().st_mtime_ns}")


def _read_labels(path: Path) -> object:
    from srbench.datasets.imagenet_labels import read_labels

    return read_labels(path)


_NUMBERS = numbers(np.arange(6.0).reshape(2, 3), name="a")
_CELLS = cells(text("x"), numbers(np.ones((1, 2))), name="c")
_PROTOCOL = b'like = "srbench"\nname = "mine"\nborder = 2\n'
_CONFIG = b'methods = ["bicubic", "nearest"]\nscale = [2, 4]\ntask-timeout = 3.5\nstrict = true\n'
_OPINIONS = b"image,mos\nI01_01_1.bmp,5.2\nI01_01_2.bmp,4.8\n"
_RATINGS = (
    b"rater,image,method,rating,dataset\nr1,a,bicubic,3,set5\nr1,a,nearest,1,set5\nr2,a,bicubic,4,set5\n"
)
_LABELS = b"ILSVRC2012_val_00000001.JPEG 65\nILSVRC2012_val_00000002.JPEG 970\n"

_IMAGES = ("png", "jpeg", "bmp", "tiff", "ppm", "webp")

KINDS = [
    *(Kind(f"image.{kind}", _image(kind), _read_image) for kind in _IMAGES),
    Kind("zipped.pth", _checkpoint(zipped=True), _tensors),
    Kind("legacy.pth", _checkpoint(zipped=False), _tensors),
    Kind("model.safetensors", _safetensors, _tensors),
    Kind("tables.mat", _matlab, _read_matlab),
    Kind("weights.tf1", _tensorflow1, _tensors),
    Kind("scores.csv", _run_file("scores.csv"), _read_run),
    Kind("run.json", _run_file("run.json"), _read_run),
    Kind("store.sqlite", _run_file("store.sqlite"), _read_store),
    Kind("protocol.toml", lambda: _PROTOCOL, _read_protocol),
    Kind("run.toml", lambda: _CONFIG, _read_config),
    Kind("opinions.csv", lambda: _OPINIONS, _read_opinions),
    Kind("ratings.csv", lambda: _RATINGS, _read_ratings),
    Kind("val.txt", lambda: _LABELS, _read_labels),
]
