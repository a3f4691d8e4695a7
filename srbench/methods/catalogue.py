"""The list of methods, and how names that are not in it become methods."""

from __future__ import annotations

from pathlib import Path

from srbench.core.registry import Registry
from srbench.methods.contract import Method
from srbench.methods.interpolation import INTERPOLATIONS
from srbench.methods.published import PRETRAINED
from srbench.methods.trained import TRAINED

METHODS: Registry[Method] = Registry("method", group="srbench.methods", record=Method)

for _method in (*INTERPOLATIONS, *PRETRAINED, *TRAINED):
    METHODS.add(_method.name, _method)


def resolve(name: str) -> Method:
    """The method of a name: a registered one, `outputs:DIR[:NAME]`, a combination, or a user's model.

    What ends in `+bp` or `+x8` is a combination, unless there is a folder or file of that very name.
    """
    from srbench.methods.combinations import SUFFIXES, combination

    if name.endswith(SUFFIXES) and not Path(name.removeprefix("outputs:")).exists():
        found = combination(name, resolve)
        if found is not None:
            return found
    if name.startswith("outputs:"):
        from srbench.methods.outputs import outputs_method

        return outputs_method(name.removeprefix("outputs:"))
    if name in METHODS:
        return METHODS.get(name)
    from srbench.methods.files.model_method import is_model_name, model_method

    if is_model_name(name):
        return model_method(name)
    return combination(name, resolve) or METHODS.get(name)
