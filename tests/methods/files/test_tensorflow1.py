"""The reader of TensorFlow V1 checkpoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srbench.core.records import UserError
from srbench.methods.files.checkpoints.tensorflow1 import read_checkpoint
from tests.methods.files.tensorflow_writer import block, checkpoint, field, table, varint


def some_tensors() -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    return {
        "generator/Conv/weights": random.normal(size=(3, 3, 2, 5)).astype(np.float32),
        "generator/Conv/biases": random.normal(size=5).astype(np.float32),
        "generator/Conv_1/weights": random.normal(size=(7, 4)),
        "global_step": np.array(123456789012, np.int64),
        "signed": np.array([-3, 0, 7], np.int32),
    }


@pytest.mark.parametrize("split", [None, "generator/Conv_1/weights", "signed"])
def test_reads_back_what_was_written(tmp_path: Path, split: str | None) -> None:
    tensors = some_tensors()
    path = tmp_path / "weights"
    path.write_bytes(checkpoint(tensors, split=split))
    read = read_checkpoint(path)
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert read[name].dtype == tensor.dtype
        np.testing.assert_array_equal(read[name], tensor)


def test_every_truncation_is_one_clear_line(tmp_path: Path) -> None:
    whole = checkpoint({"bias": np.arange(6, dtype=np.float32)})
    path = tmp_path / "weights"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="not a whole TensorFlow V1 checkpoint") as caught:
            read_checkpoint(path)
        assert "\n" not in str(caught.value)


def test_damage_anywhere_never_escapes_as_another_error(tmp_path: Path) -> None:
    whole = bytearray(checkpoint({"bias": np.arange(6, dtype=np.float32), "step": np.array(3, np.int64)}))
    path = tmp_path / "weights"
    random = np.random.default_rng(2)
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= int(random.integers(1, 256))
        path.write_bytes(bytes(damaged))
        try:
            read_checkpoint(path)
        except UserError:
            continue


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + b"\0" * 200, b"\x80\x02}q\x00." * 50])
def test_foreign_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a whole TensorFlow V1 checkpoint"):
        read_checkpoint(path)


def test_missing_file_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_checkpoint(tmp_path / "absent")


def test_incomplete_values_name_the_tensor(tmp_path: Path) -> None:
    meta = field(1, b"w") + field(2, field(2, field(1, 4))) + field(3, 1) + field(4, field(1, b""))
    path = tmp_path / "weights"
    path.write_bytes(table([(b"", field(1, field(1, meta))), (b"x", field(1, b""))]))
    with pytest.raises(UserError):
        read_checkpoint(path)
    path.write_bytes(table([(b"", field(1, field(1, meta)))]))
    with pytest.raises(UserError, match="the values of w are incomplete"):
        read_checkpoint(path)


def test_compressed_blocks_are_refused(tmp_path: Path) -> None:
    body = block([(b"", b"")])
    index = block([(b"", varint(0) + varint(len(body)))])
    data = body + b"\x01\0\0\0\0" + index + b"\0" * 5
    footer = (varint(0) * 2 + varint(len(body) + 5) + varint(len(index))).ljust(40, b"\0")
    path = tmp_path / "weights"
    path.write_bytes(data + footer + (0xDB4775248B80FB57).to_bytes(8, "little"))
    with pytest.raises(UserError, match="compressed"):
        read_checkpoint(path)


def test_the_authors_checkpoint(shared: Path) -> None:
    """Names and shapes as in `enhancenet.py` of the authors' code: 25 convolutions of 3x3."""
    tensors = read_checkpoint(shared / "weights" / "enhancenet_pat_official" / "weights")
    assert len(tensors) == 50
    assert sum(tensor.size for tensor in tensors.values()) == 852_867
    assert tensors["generator/Conv/weights"].shape == (3, 3, 3, 64)
    assert tensors["generator/Conv_24/biases"].shape == (3,)
