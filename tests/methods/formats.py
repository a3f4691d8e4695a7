"""Checkpoints as published programs write them."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
from torch import nn

from srbench.methods.catalogue import METHODS
from srbench.methods.networks.method import NetworkMethod

State = dict[str, torch.Tensor]


def network(name: str) -> NetworkMethod:
    method = METHODS.get(name)
    assert isinstance(method, NetworkMethod)
    return method


def rrdb_second_generation(state: State) -> State:
    """xinntao/ESRGAN, RRDBNet_arch.py."""
    names = [
        ("body.", "RRDB_trunk."),
        ("conv_body", "trunk_conv"),
        ("conv_up", "upconv"),
        ("conv_hr", "HRconv"),
    ]
    result = {}
    for name, tensor in state.items():
        for new, old in names:
            name = re.sub(rf"^{re.escape(new)}", old, name)  # noqa: PLW2901
        result[name.replace(".rdb", ".RDB")] = tensor
    return result


def rrdb_first_generation(state: State) -> State:
    """xinntao/ESRGAN, architecture.py: numbered layers, activations inside the convolution blocks."""
    outer = {"conv_first": "0", "conv_up1": "3", "conv_up2": "6", "conv_hr": "8", "conv_last": "10"}
    result = {}
    blocks = len({name.split(".")[1] for name in state if name.startswith("body.")})
    for name, tensor in state.items():
        layer, _, kind = name.rpartition(".")
        if layer in outer:
            result[f"model.{outer[layer]}.{kind}"] = tensor
        elif layer == "conv_body":
            result[f"model.1.sub.{blocks}.{kind}"] = tensor
        else:
            _, place, block, conv = layer.split(".")
            result[f"model.1.sub.{place}.{block.upper()}.{conv}.0.{kind}"] = tensor
    return result


def mmagic(state: State) -> Any:
    both = {f"generator.{name}": tensor for name, tensor in state.items()}
    both["discriminator.features.0.weight"] = torch.zeros(3)
    return {"meta": {"epoch": 3, "CLASSES": None}, "state_dict": OrderedDict(both), "optimizer": {}}


def lornatang(state: State) -> Any:
    old = {re.sub(r"^conv([123])\.", r"conv_block\1.", name): tensor for name, tensor in state.items()}
    optimizer = torch.optim.Adam([nn.Parameter(torch.zeros(2))]).state_dict()
    return {"epoch": 7, "best_psnr": np.float64(31.5), "state_dict": old, "optimizer": optimizer}


def tsrn(state: State) -> State:
    unused = {"bn1.weight": torch.ones(64), "bn1.running_mean": torch.zeros(64)}
    return {**state, **unused, "bn1.num_batches_tracked": torch.tensor(0)}


def plain(state: State) -> State:
    return state


# (method, what its published file holds)
