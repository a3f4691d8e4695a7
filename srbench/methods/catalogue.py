"""The list of methods, and how names that are not in it become methods."""

from __future__ import annotations

from srbench.methods.contract import Method
from srbench.methods.interpolation import INTERPOLATIONS
from srbench.methods.pretrained import PRETRAINED
from srbench.methods.trained import TRAINED
from srbench.registry import Registry

METHODS: Registry[Method] = Registry("method", group="srbench.methods")

for _method in (*INTERPOLATIONS, *PRETRAINED, *TRAINED):
    METHODS.add(_method.name, _method)


def resolve(name: str) -> Method:
    """The method of a name: a registered one, or `outputs:DIR[:NAME]`."""
    if name.startswith("outputs:"):
        from srbench.methods.outputs import outputs_method

        return outputs_method(name.removeprefix("outputs:"))
    return METHODS.get(name)
