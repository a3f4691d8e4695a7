"""Each published format, written by the test and read back: equal tensors, equal output, strict fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from srbench.core.records import UserError
from tests.methods.formats import (
    State,
    lornatang,
    mmagic,
    network,
    plain,
    rrdb_first_generation,
    rrdb_second_generation,
    tsrn,
)
from tests.methods.models import picture, random_network, sample, upscaler

FORMATS: list[tuple[str, str, Callable[[State], Any]]] = [
    ("srcnn-srbench", "state dict", plain),
    ("srcnn-mmagic", "MMagic", mmagic),
    ("edsr-baseline", "state dict", plain),
    ("rcan", "state dict", plain),
    ("msrresnet", "MMagic", mmagic),
    ("srresnet-lornatang", "Lornatang", lornatang),
    ("esrgan", "newest, params", lambda state: {"params": state}),
    (
        "esrgan",
        "newest, params_ema first",
        lambda s: {"params": {k: v * 0 for k, v in s.items()}, "params_ema": s},
    ),
    ("esrgan", "second generation", rrdb_second_generation),
    ("rrdb-psnr", "first generation", rrdb_first_generation),
    (
        "rrdb-psnr",
        "first generation, module.",
        lambda s: {f"module.{k}": v for k, v in rrdb_first_generation(s).items()},
    ),
    ("tsrn-g", "unused normalisation", tsrn),
    ("tsrn-s-8x", "unused normalisation", tsrn),
    ("srgan-vgg54", "own training", plain),
    ("espcn", "data parallel", lambda state: {f"module.{name}": tensor for name, tensor in state.items()}),
]


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(("name", "what", "wrap"), FORMATS, ids=[f"{n}-{w}" for n, w, _ in FORMATS])
def test_published_format_loads_with_equal_tensors(
    tmp_path: Path, name: str, what: str, wrap: Callable[[State], Any], zipped: bool
) -> None:
    method = network(name)
    assert method.scales is not None
    with torch.device("meta"):
        empty = method.network(method.scales[0]).build().state_dict()
    generator = torch.Generator().manual_seed(1)
    state = {key: torch.randn(value.shape, generator=generator) for key, value in empty.items()}
    path = tmp_path / "model.pth"
    torch.save(wrap(state), path, _use_new_zipfile_serialization=zipped)
    convert = method.weights[0].convert
    assert convert is not None
    loaded = convert(path)
    assert loaded.keys() == state.keys()
    for key, tensor in state.items():
        assert loaded[key].shape == tuple(tensor.shape)
        np.testing.assert_array_equal(loaded[key], tensor.numpy(), err_msg=key)


@pytest.mark.parametrize(("name", "fault"), [("esrgan", "missing"), ("rcan", "extra"), ("tsrn-g", "shape")])
def test_a_tensor_that_does_not_fit_is_named(tmp_path: Path, name: str, fault: str) -> None:
    method = network(name)
    with torch.device("meta"):
        shapes = method.network(4).build().state_dict()
    state = {key: torch.zeros(value.shape) for key, value in shapes.items()}
    key = list(state)[5]
    if fault == "missing":
        del state[key]
    elif fault == "extra":
        key = "unheard.of"
        state[key] = torch.zeros(2)
    else:
        state[key] = torch.zeros(1, 2, 3)
    path = tmp_path / "model.pth"
    torch.save(state, path)
    convert = method.weights[0].convert
    assert convert is not None
    with pytest.raises(UserError, match=re.escape(key)):
        convert(path)


def test_a_renamed_tensor_is_also_named_as_in_the_file(tmp_path: Path) -> None:
    with torch.device("meta"):
        shapes = network("esrgan").network(4).build().state_dict()
    state = rrdb_second_generation({key: torch.zeros(value.shape) for key, value in shapes.items()})
    state["RRDB_trunk.0.RDB1.conv1.weight"] = torch.zeros(1, 2, 3)
    torch.save(state, tmp_path / "model.pth")
    convert = network("esrgan").weights[0].convert
    assert convert is not None
    with pytest.raises(UserError, match=r"body.0.rdb1.conv1.weight \(RRDB_trunk.0.RDB1.conv1.weight in the"):
        convert(tmp_path / "model.pth")


def test_half_precision_weights_run_as_float32(tmp_path: Path) -> None:
    method = network("espcn")
    original = random_network(method.network(4))
    for tensor in original.parameters():
        tensor.data = tensor.data.half().float()
    path = tmp_path / "model.pth"
    torch.save({name: tensor.half() for name, tensor in original.state_dict().items()}, path)
    convert = method.weights[0].convert
    assert convert is not None
    loaded = method.network(4).build()
    loaded.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in convert(path).items()})
    image = sample(picture(6, 7), 4)
    spec = method.network(4)
    np.testing.assert_array_equal(upscaler(spec, loaded)(image), upscaler(spec, original)(image))
