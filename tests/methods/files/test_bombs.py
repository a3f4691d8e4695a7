"""Small files that ask for gigabytes, hours or endless recursion: one line, and nothing is allocated."""

from __future__ import annotations

import io
import pickle
import resource
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from srbench.core.records import UserError
from srbench.core.weights import load
from srbench.methods.files.checkpoints.containers import read_tensors
from srbench.methods.files.checkpoints.tensorflow1 import read_checkpoint

MEMORY = 200 * 1024  # kilobytes that a refusal may take
MAGIC = 0xDB4775248B80FB57


def archive(path: Path, *chunks: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        with file.open("archive/data.pkl", "w") as stream:
            for chunk in chunks:
                stream.write(chunk)
        file.writestr("archive/data/0", np.ones(1, "<f4").tobytes())
        file.writestr("archive/version", "3\n")
    return path


def memo(path: Path) -> Path:
    return archive(path, b"\x80\x02Nr" + struct.pack("<I", 100_000_000) + b".")


def nested_lists(path: Path) -> Path:
    body = b"\x80\x02]q\x00"
    for level in range(1, 25):
        body += b"]q" + bytes([level]) + 2 * (b"h" + bytes([level - 1]) + b"a")
    return archive(path, body + b".")


def zeros(path: Path) -> Path:
    return archive(path, *([bytes(1_000_000)] * 300))


def stride_of_zero(path: Path) -> Path:
    """A tensor of 10^9 values that are all the first of a storage of one."""
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQ"
    shape = b"(J\x10\x27\x00\x00J\xa0\x86\x01\x00tK\x00K\x00\x86"
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00" + shape + b"\x89}tR"
    return archive(path, b"\x80\x02}X\x01\x00\x00\x00w" + tensor + b"s.")


def colliding_keys(path: Path) -> Path:
    """Integers that are multiples of Python's hash modulus all have the hash 0."""
    return archive(path, pickle.dumps(dict.fromkeys(range(0, 3_000 * (2**61 - 1), 2**61 - 1)), 2))


def legacy_colliding_keys(path: Path) -> Path:
    parts = (0x1950A86A20F9469CFC6C, 1001, {}, dict.fromkeys(range(0, 3_000 * (2**61 - 1), 2**61 - 1)))
    path.write_bytes(b"".join(pickle.dumps(part, 2) for part in parts))
    return path


def many_tuples(path: Path) -> Path:
    """Hashes of tuples can be foreseen, so keys can be chosen that all collide."""
    return archive(path, pickle.dumps(dict.fromkeys((number, 0) for number in range(3_000)), 2))


def many_tuples_in_a_call(path: Path) -> Path:
    return archive(path, pickle.dumps(OrderedDict(((number, 0), 1) for number in range(3_000)), 2))


def many_tuples_in_a_set(path: Path) -> Path:
    return archive(path, pickle.dumps({(number, 0) for number in range(3_000)}, 4))


def nested_tuple(path: Path) -> Path:
    """A key whose hash takes 2^200 steps."""
    twice = b"".join(b"h" + bytes([level]) + b"\x86q" + bytes([level + 1]) for level in range(200))
    return archive(path, b"\x80\x02}K\x01\x85q\x00" + twice + b"K\x01s.")


def changed_function(path: Path) -> Path:
    """The state of something that the file did not make."""
    return archive(path, b"\x80\x02ctorch._utils\n_rebuild_tensor\n}X\x01\x00\x00\x00aK\x01sb.")


@pytest.mark.parametrize(
    "bomb",
    [
        many_tuples,
        many_tuples_in_a_call,
        many_tuples_in_a_set,
        nested_tuple,
        changed_function,
        memo,
        nested_lists,
        zeros,
        stride_of_zero,
        colliding_keys,
        legacy_colliding_keys,
    ],
)
def test_bombs_are_refused_before_anything_is_allocated(tmp_path: Path, bomb: Callable[[Path], Path]) -> None:
    path = bomb(tmp_path / "model.pth")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError):
        read_tensors(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


def test_a_small_storage_seen_by_many_tensors_is_within_the_budget(tmp_path: Path) -> None:
    """Networks share weights, and `expand` makes strides of zero: both are honest."""
    shared = torch.arange(12.0).reshape(3, 4)
    state = {"a": shared, "b": shared.T, "c": torch.ones(1).expand(5)}
    torch.save(state, tmp_path / "model.pth")
    found = read_tensors(tmp_path / "model.pth")
    for name, tensor in state.items():
        np.testing.assert_array_equal(found[name], tensor.numpy())


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_repacked_checkpoint_is_read(tmp_path: Path, compression: int) -> None:
    buffer = io.BytesIO()
    torch.save({"w": torch.rand(50, 50)}, buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(tmp_path / "m.pth", "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert read_tensors(tmp_path / "m.pth")["w"].shape == (50, 50)


def test_dictionaries_that_hold_themselves_are_one_line(tmp_path: Path) -> None:
    content: dict[str, object] = {}
    content["model"] = content
    path = archive(tmp_path / "model.pth", pickle.dumps(content, 2))
    with pytest.raises(UserError, match="holds itself"):
        read_tensors(path)


def varint(value: int) -> bytes:
    result = b""
    while value >= 0x80:
        result += bytes([value & 0x7F | 0x80])
        value >>= 7
    return result + bytes([value])


def block(*entries: tuple[bytes, bytes]) -> bytes:
    body = b"".join(varint(0) + varint(len(key)) + varint(len(value)) + key + value for key, value in entries)
    return body + struct.pack("<II", 0, 1) + b"\0" + bytes(4)


def test_a_tensorflow_index_that_names_one_block_again_and_again(tmp_path: Path) -> None:
    data = block(*((b"k%d" % number, bytes(60)) for number in range(500)))
    handle = varint(0) + varint(len(data) - 5)
    index = block(*((b"k%d" % number, handle) for number in range(5000)))
    footer = varint(0) + varint(0) + varint(len(data)) + varint(len(index) - 5)
    path = tmp_path / "weights"
    path.write_bytes(data + index + footer.ljust(40, b"\0") + struct.pack("<Q", MAGIC))
    with pytest.raises(UserError):
        read_checkpoint(path)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2])
def test_small_floats_of_safetensors_are_widened_exactly(tmp_path: Path, kind: torch.dtype) -> None:
    tensor = torch.linspace(-3, 3, 13).to(kind)
    save_file({"w": tensor, "n": torch.ones(2)}, tmp_path / "model.safetensors")
    found, _ = load(tmp_path / "model.safetensors")
    assert found["w"].dtype == np.float32
    np.testing.assert_array_equal(found["w"], tensor.float().numpy())


@pytest.mark.parametrize(
    "beside", [{}, {"step_counter": torch.ones(1)}, {"data_preprocessor.mean": torch.ones(3)}]
)
@pytest.mark.parametrize("averaged", [False, True])
def test_mmagic_dictionaries(tmp_path: Path, beside: dict[str, torch.Tensor], averaged: bool) -> None:
    """MMagic infers with the averaged generator where a checkpoint has one."""
    state = {"generator.conv.weight": torch.zeros(2), **beside}
    if averaged:
        state["generator_ema.conv.weight"] = torch.ones(2)
    torch.save({"state_dict": state}, tmp_path / "model.pth")
    found = read_tensors(tmp_path / "model.pth")
    assert {name: list(value) for name, value in found.items()} == {"conv.weight": 2 * [float(averaged)]}
