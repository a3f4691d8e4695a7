"""Lists of names."""

from __future__ import annotations

import pytest

from srbench.core.records import UsageError
from srbench.core.text import split_names, split_parts


def test_lists_keep_inner_commas() -> None:
    text = (
        "bicubic, mix:a,b@0.5,model.onnx:scale=4,range=255,outputs:dir=x,esrgan@0.8,bicubic,"
        "mix:m.pt:scale=4,range=1,b@0.5,m.pt:scale=4,range=1+x8,m.pt:range=[-1,1],scale=2"
    )
    assert split_names(text) == [
        "bicubic",
        "mix:a,b@0.5",
        "model.onnx:scale=4,range=255",
        "outputs:dir=x",
        "esrgan@0.8",
        "mix:m.pt:scale=4,range=1,b@0.5",
        "m.pt:scale=4,range=1+x8",
        "m.pt:range=[-1,1],scale=2",
    ]


def test_parts_of_a_blend_may_be_equal() -> None:
    assert split_parts("m.pt:scale=4,range=1,m.pt:scale=4,range=1") == ["m.pt:scale=4,range=1"] * 2


def test_an_empty_list_is_wrong_usage_where_the_option_needs_a_name() -> None:
    assert split_names(" , ") == []
    with pytest.raises(UsageError, match="--metrics is empty"):
        split_names(" , ", "--metrics")
