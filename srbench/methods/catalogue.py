"""The list of methods, and how names that are not in it become methods."""

from __future__ import annotations

from pathlib import Path

from srbench.core.registry import Registry
from srbench.methods.contract import Method
from srbench.methods.families.catalogue import FAMILIES
from srbench.methods.interpolation import INTERPOLATIONS

# What papers call the variant that they print.
_OTHER_NAMES = {
    "srcnn-955": ("srcnn",),
    "ms-lapsrn-d5r8": ("ms-lapsrn",),
    "a+": ("aplus",),
}

METHODS: Registry[Method] = Registry("method", group="srbench.methods", record=Method)

for _method in (*INTERPOLATIONS, *(method for family in FAMILIES for method in family.methods)):
    METHODS.add(_method.name, _method, aliases=_OTHER_NAMES.get(_method.name, ()))


def resolve(name: str) -> Method:
    """The method of a name: a registered one, `outputs:DIR[:NAME]`, `published:NAME`, a combination, or a
    user's model.

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
    if name.startswith("published:"):
        from srbench.methods.published_outputs import published_outputs

        return published_outputs(name)
    if name in METHODS:
        return METHODS.get(name)
    from srbench.methods.files.model_method import is_model_name, model_method

    if is_model_name(name):
        return model_method(name)
    return combination(name, resolve) or METHODS.get(name)


def is_foreign(method: Method) -> bool:
    """Whether a method, or a part of it, is code or a model from outside: a plug-in, a function, a file."""
    parts = getattr(method, "parts", ())
    return method.kind == "model" or METHODS.is_plugged(method.name) or any(map(is_foreign, parts))
