"""The interface of a user's model: what stands behind the colon of its name, and what was taken for it, which
is printed with every run and recorded in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

from srbench.core.records import Degradation, UsageError
from srbench.methods.files.ranges import NAMES, Range, named_range, range_text
from srbench.methods.networks.specification import PLAIN, NetworkSpec, Normalisation


@dataclass(frozen=True)
class Interface:
    """Scale, channels, the values of black and white on both sides, and how that is known (`sure`)."""

    scale: int
    channels: int
    input_range: Range
    output_range: Range
    input_norm: Normalisation
    output_norm: Normalisation
    fixed: tuple[int, int] | None
    sure: str

    @classmethod
    def of(cls, spec: NetworkSpec, sure: str) -> Interface:
        """The interface that inference will use."""
        return cls(
            scale=spec.scale,
            channels=3 if spec.color == "rgb" else 1,
            input_range=spec.input_range,
            output_range=spec.output_range,
            input_norm=spec.input_norm,
            output_norm=spec.output_norm,
            fixed=spec.fixed,
            sure=sure,
        )

    def as_dict(self) -> dict[str, Any]:
        """For `run.json`."""
        return asdict(self)

    def __str__(self) -> str:
        kind = "RGB" if self.channels == 3 else "luma"
        takes = range_text(self.input_range) + _norm_text(self.input_norm)
        gives = range_text(self.output_range) + _norm_text(self.output_norm)
        only = f", tiles of {self.fixed[1]}x{self.fixed[0]}" if self.fixed else ""
        return f"x{self.scale}, {kind}{only}, takes {takes}, gives {gives} ({self.sure})"


def _norm_text(norm: Normalisation) -> str:
    if norm == PLAIN:
        return ""
    mean, std = ("/".join(f"{value:g}" for value in values) for values in (norm.mean, norm.std))
    return f" less {mean} over {std}"


@dataclass(frozen=True)
class Asked:
    """The options of a name (`model_method`), None and `PLAIN` where nothing is said."""

    scale: int | None = None
    channels: int | None = None
    overlap: int | None = None
    size: tuple[int, int] | None = None
    input: Range | None = None
    output: Range | None = None
    input_norm: Normalisation = PLAIN
    output_norm: Normalisation = PLAIN
    name: str | None = None
    trained_on: Degradation | None = None


_HELP = (
    "scale=N, channels=1 or 3, in=, out= or range= (1, 255, signed, centred or LOW..HIGH), mean=, std= (one "
    "number or one for each channel, as 0.5/0.5/0.5; in_mean=, out_std= … for one side), overlap=N, "
    "size=HEIGHTxWIDTH, name=NAME, trained_on=matlab-bicubic or pil-lanczos"
)


def parse(options: str, name: str) -> Asked:
    """The options of a model's `name`; `UsageError` that lists them for what is none."""
    asked = Asked()
    for option in filter(None, options.split(",")):
        key, _, text = option.partition("=")
        known = _KEYS.get(key)
        value = known[0](text) if known else None
        if known is None or value is None:
            raise UsageError(f"{name}: '{option}' is not one of {_HELP}")
        asked = known[1](asked, value)
    return asked


def _positive(text: str) -> int | None:
    return int(text) if text.isdecimal() and int(text) > 0 else None


def _size(text: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text)
    return (int(match[1]), int(match[2])) if match else None


def _both_ranges(text: str) -> tuple[Range, Range] | None:
    if text == "signed-output":
        return NAMES["1"], NAMES["signed"]
    found = named_range(text)
    return None if found is None else (found, found)


def _numbers(text: str) -> tuple[float, ...] | None:
    try:
        found = tuple(float(part) for part in text.split("/"))
    except ValueError:
        return None
    return found if len(found) in (1, 3) else None


def _deviations(text: str) -> tuple[float, ...] | None:
    found = _numbers(text)
    return found if found and min(found) > 0 else None


def _one_of(*texts: str) -> Callable[[str], str | None]:
    return lambda text: text if text in texts else None


def _set(field: str) -> Callable[[Asked, Any], Asked]:
    return lambda asked, value: replace(asked, **{field: value})


def _set_norms(part: str, *fields: str) -> Callable[[Asked, Any], Asked]:
    def put(asked: Asked, value: tuple[float, ...]) -> Asked:
        for field in fields:
            asked = replace(asked, **{field: replace(getattr(asked, field), **{part: value})})
        return asked

    return put


# How each option is read, None where it cannot be, and what it says.
_KEYS: dict[str, tuple[Callable[[str], Any], Callable[[Asked, Any], Asked]]] = {
    "scale": (_positive, _set("scale")),
    "channels": ({"1": 1, "3": 3}.get, _set("channels")),
    "overlap": (_positive, _set("overlap")),
    "size": (_size, _set("size")),
    "in": (named_range, _set("input")),
    "out": (named_range, _set("output")),
    "range": (_both_ranges, lambda asked, both: replace(asked, input=both[0], output=both[1])),
    "mean": (_numbers, _set_norms("mean", "input_norm", "output_norm")),
    "std": (_deviations, _set_norms("std", "input_norm", "output_norm")),
    "in_mean": (_numbers, _set_norms("mean", "input_norm")),
    "in_std": (_deviations, _set_norms("std", "input_norm")),
    "out_mean": (_numbers, _set_norms("mean", "output_norm")),
    "out_std": (_deviations, _set_norms("std", "output_norm")),
    "name": (lambda text: text if re.fullmatch(r"[\w-]+", text) else None, _set("name")),
    "trained_on": (_one_of(*get_args(Degradation)), _set("trained_on")),
}
