"""`--set NAME=VALUE`: changes of a recipe from the command line, with the types of its fields."""

from __future__ import annotations

import dataclasses
import difflib
import types
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from srbench.core.records import UsageError
from srbench.train.recipe import Recipe, Term, shortened

_FIXED = ("name", "method", "paper", "summary", "chosen", "terms")
# The papers' words for terms.
_SPOKEN = {
    "texture": ("gram-patches", "gram", "gram-masks"),
    "perceptual": ("features",),
    "adversary": ("adversarial", "relativistic"),
}


def changed(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """The recipe with these fields, already of the right types.

    Where the iterations change and the milestones do not, these move in proportion.
    """
    given = dict(values)
    if "iterations" in given and "milestones" not in given and given["iterations"] != recipe.iterations:
        given["milestones"] = shortened(recipe, given["iterations"])
    made = dataclasses.replace(recipe, **given)
    _check(made)
    return made


def parse(recipe: Recipe, settings: Iterable[str]) -> dict[str, Any]:
    """`NAME=VALUE` texts as values of the recipe's fields; `terms.KIND.FIELD=VALUE` changes a term."""
    values: dict[str, Any] = {}
    for setting in settings:
        name, separator, text = setting.partition("=")
        if not separator:
            raise UsageError(f"--set needs NAME=VALUE, not '{setting}'")
        if name.startswith("terms."):
            terms = values.get("terms", recipe.terms)
            values["terms"] = _with_term(terms, name, text)
        else:
            values[name] = _value(name, text)
    return values


def _with_term(terms: tuple[Term, ...], name: str, text: str) -> tuple[Term, ...]:
    """The terms where the one that `terms.KIND.FIELD` names has another value."""
    _, _, rest = name.partition(".")
    kind, _, setting = rest.partition(".")
    kinds = [term.kind for term in terms]
    meant = _SPOKEN.get(kind, (kind,))
    if not set(meant) & set(kinds):
        raise UsageError(f"the recipe has no term '{kind}'; it has: {', '.join(kinds)}")
    hints = get_type_hints(Term)
    if setting not in hints:
        raise UsageError(f"a term has no '{setting}'; there are: {', '.join(hints)}")
    value = _converted(name, text, hints[setting])
    return tuple(
        dataclasses.replace(term, **{setting: value}) if term.kind in meant else term for term in terms
    )


def _value(name: str, text: str) -> Any:
    hints = get_type_hints(Recipe)
    settable = [field.name for field in dataclasses.fields(Recipe) if field.name not in _FIXED]
    if name not in settable:
        near = difflib.get_close_matches(name, settable, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(settable)}"
        raise UsageError(f"a recipe has no setting '{name}'; {hint}")
    return _converted(name, text, hints[name])


def _converted(name: str, text: str, kind: Any) -> Any:
    origin = get_origin(kind)
    if origin is Literal:
        if text not in get_args(kind):
            raise UsageError(f"{name} is one of {', '.join(map(str, get_args(kind)))}, not '{text}'")
        return text
    if kind is bool:
        if text not in ("true", "false"):
            raise UsageError(f"{name} is true or false, not '{text}'")
        return text == "true"
    if origin in (Union, types.UnionType):
        inner = next(part for part in get_args(kind) if part is not type(None))
        return None if text == "none" else _converted(name, text, inner)
    if origin is tuple:
        return tuple(_converted(name, part, get_args(kind)[0]) for part in text.split(",") if part)
    try:
        return kind(text)
    except ValueError:
        expected = {int: "a whole number", float: "a number"}.get(kind, kind.__name__)
        raise UsageError(f"{name} is {expected}, not '{text}'") from None


def _check(recipe: Recipe) -> None:
    _check_numbers(recipe)
    if recipe.crop % recipe.scale:
        raise UsageError(f"crop must be a multiple of the scale {recipe.scale}, not {recipe.crop}")
    if not 0 <= 2 * recipe.border < recipe.crop:
        raise UsageError(f"border must leave something of the crop {recipe.crop}, not {recipe.border}")
    if recipe.border and recipe.supervision:
        raise UsageError("border is for networks with one output")
    if recipe.border and (recipe.discriminator or recipe.needs_features):
        raise UsageError("border is for recipes with losses of pixels only")
    adversarial = any(term.kind in ("adversarial", "relativistic") for term in recipe.terms)
    if adversarial != (recipe.discriminator is not None):
        raise UsageError("a recipe has adversarial terms and a discriminator, or neither")
    side = {"srgan": 16, "enhancenet": 32, "esrgan": 32}.get(recipe.discriminator or "", 1)
    if recipe.crop % side:
        raise UsageError(f"this discriminator needs a crop that is a multiple of {side}, not {recipe.crop}")
    if recipe.batch == 1 and recipe.crop == side > 1 and recipe.discriminator in ("srgan", "esrgan"):
        raise UsageError(
            f"batch 1 and crop {recipe.crop} leave normalisation one value per channel; take a larger one"
        )
    depth = max(
        (int(name[4]) for term in recipe.terms for name in term.layers if name[:4] == "pool"), default=0
    )
    if recipe.crop < 2**depth:
        raise UsageError(f"the features of pool{depth} need a crop of {2**depth} pixels, not {recipe.crop}")
    patch = max((term.patch for term in recipe.terms), default=0)
    if patch and recipe.crop % patch:
        raise UsageError(f"the texture loss needs a crop that is a multiple of {patch}, not {recipe.crop}")


def _check_numbers(recipe: Recipe) -> None:
    for name in ("crop", "batch", "iterations", "scale", "validate_every", "checkpoint_every"):
        if getattr(recipe, name) < 1:
            raise UsageError(f"{name} must be at least 1, not {getattr(recipe, name)}")
    if recipe.blocks is not None and recipe.blocks < 1:
        raise UsageError(f"blocks must be at least 1, not {recipe.blocks}")
    if not 0 <= recipe.hold < recipe.iterations:
        raise UsageError(f"hold must be below the iterations {recipe.iterations}, not {recipe.hold}")
    if not recipe.learning_rate > 0:
        raise UsageError(f"learning_rate must be positive, not {recipe.learning_rate:g}")
    if not all(0 < factor < 1 for factor in recipe.shrink):
        given = ", ".join(f"{factor:g}" for factor in recipe.shrink)
        raise UsageError(f"shrink takes factors between 0 and 1, not {given}")
    if recipe.shrink and recipe.needs_masks:
        raise UsageError("shrink is for recipes without semantic masks")
    if not 0 <= recipe.seed < 2**63:
        raise UsageError(f"seed must be at least 0 and below 2^63, not {recipe.seed}")
    if not recipe.weight_decay >= 0:
        raise UsageError(f"weight_decay must not be negative, not {recipe.weight_decay:g}")
    for name in ("average", "momentum", "second_momentum"):
        if not 0 <= getattr(recipe, name) < 1:
            raise UsageError(f"{name} must be at least 0 and below 1, not {getattr(recipe, name):g}")
