"""The list of methods, and how names that are not in it become methods."""

from __future__ import annotations

import re

from srbench.methods.contract import Method
from srbench.methods.interpolation import INTERPOLATIONS
from srbench.methods.pretrained import PRETRAINED
from srbench.methods.trained import TRAINED
from srbench.registry import Registry

METHODS: Registry[Method] = Registry("method", group="srbench.methods")

for _method in (*INTERPOLATIONS, *PRETRAINED, *TRAINED):
    METHODS.add(_method.name, _method)


def resolve(name: str) -> Method:
    """The method of a name: a registered one, `outputs:DIR[:NAME]`, a combination, or a user's model."""
    if name.startswith("outputs:"):
        from srbench.methods.outputs import outputs_method

        return outputs_method(name.removeprefix("outputs:"))
    if name in METHODS:
        return METHODS.get(name)
    from srbench.methods.user_models import is_model_name, model_method

    if is_model_name(name):
        return model_method(name)
    from srbench.methods.combinations import combination

    return combination(name, resolve) or METHODS.get(name)


def split_methods(text: str) -> list[str]:
    """The names of a comma-separated list; the commas inside `mix:A,B@ALPHA` and of a model's options
    (`FILE:scale=4,range=255`) do not separate."""
    names: list[str] = []
    for part in (piece.strip() for piece in text.split(",")):
        last = names[-1] if names else ""
        open_mix = last.startswith("mix:") and "," not in last
        is_option = "=" in last.rpartition(":")[2] and re.fullmatch(r"(scale|range|channels)=[\w-]+", part)
        if open_mix or is_option:
            names[-1] = f"{last},{part}"
        elif part:
            names.append(part)
    return list(dict.fromkeys(names))
