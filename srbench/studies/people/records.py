"""The records of a study: what is shown, in which order, and what was answered."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from srbench.core.records import UsageError, UserError

Design = Literal["mos", "2afc", "ranking"]
Kind = Literal["calibration", "test", "repeat", "check"]
DESIGNS: tuple[Design, ...] = ("mos", "2afc", "ranking")
# SRGAN, section 3.3: "an integral score from 1 (bad quality) to 5 (excellent quality)"; the words between
# are those of the five-grade scale of ITU-R BT.500 and ITU-T P.910.
SCALE = {1: "bad", 2: "poor", 3: "fair", 4: "good", 5: "excellent"}
# One key a version: the digits 1 to 9.
LARGEST_RANKING = 9


@dataclass(frozen=True)
class Settings:
    """What decides the trials of a study; kept in its database.

    - `seed`: with the stimuli it decides every order. It is secret while the study runs: who knows it and
      the methods can work out which is which.
    - `show_reference`: the original stands beside what is judged.
    - `images_per_rater`: each rater judges so many of the images (0: all), every image equally often.
    - `repeats`: trials that come twice, for test-retest reliability.
    - `block`: trials between two breaks.
    - `pairs`: 2afc only; "all" pairs of methods, or "sparse", a random cycle through the methods for each
      image and rater, which connects them with n comparisons instead of n (n - 1) / 2.
    - `set_size`: ranking only; how many versions are ranked at once.
    """

    design: Design
    seed: int
    raters: int
    show_reference: bool = False
    images_per_rater: int = 0
    repeats: int = 0
    block: int = 100
    checks: int = 0
    pairs: Literal["all", "sparse"] = "all"
    set_size: int = 6
    open_enrolment: bool = False
    title: str = "Image quality study"
    instructions: str = ""
    contact: str = ""

    def __post_init__(self) -> None:
        if self.design not in DESIGNS:
            raise UsageError(f"no design '{self.design}'; there are: {', '.join(DESIGNS)}")
        for name, least in (
            ("raters", 1),
            ("images_per_rater", 0),
            ("repeats", 0),
            ("block", 1),
            ("checks", 0),
        ):
            if getattr(self, name) < least:
                raise UsageError(f"{name.replace('_', ' ')} must be at least {least}")
        if not 2 <= self.set_size <= LARGEST_RANKING:
            raise UsageError(f"a ranking has 2 to {LARGEST_RANKING} versions at once, not {self.set_size}")

    def as_dict(self) -> dict[str, Any]:
        """For the database."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Settings:
        """The settings of a study that this or an earlier version made."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in found.items() if name in known})


@dataclass(frozen=True)
class Stimulus:
    """One version of one image. `file` is its random name in the study's folder.

    `role` is "test" for what is judged, "reference" for the original that stands beside, "calibration" for
    images outside the test.
    """

    number: int
    method: str
    dataset: str
    image: str
    scale: int
    role: Literal["test", "reference", "calibration"]
    file: str
    width: int
    height: int

    @property
    def source(self) -> tuple[str, str]:
        """The image that this is a version of."""
        return self.dataset, self.image


@dataclass(frozen=True)
class Trial:
    """One question to one rater: the stimuli in the order shown, by number.

    `expected` is the only answer that a calibration takes, and the right one of a check. `repeats` is the
    position of the trial that this one repeats. `block` 0 is the calibration.
    """

    kind: Kind
    stimuli: tuple[int, ...]
    block: int
    reference: int | None = None
    expected: str | None = None
    repeats: int | None = None


@dataclass(frozen=True)
class Answer:
    """An answer as it came: a score ("1" to "5"), a side ("0" left, "1" right), or an order ("2,0,1", best
    first, places counted from 0)."""

    value: str
    milliseconds: int | None = None
    screen: str = ""


class OutOfTurn(UserError):
    """An answer to another trial than the rater's next one; `stored` is the answer that is there, if any."""

    def __init__(self, position: int, current: int, stored: str | None) -> None:
        super().__init__(f"trial {position + 1} is not the next one, which is {current + 1}")
        self.current = current
        self.stored = stored


@dataclass(frozen=True)
class Rater:
    """A rater: a place in the study and the token of the link that opens it. `label` names a person."""

    slot: int
    token: str
    label: str
    consented: bool


@dataclass(frozen=True)
class Judged:
    """An answer with the trial that it answers."""

    slot: int
    position: int
    trial: Trial
    answer: Answer


def checked_value(design: Design, count: int, value: object) -> str:
    """An answer's value in its stored form; `UserError` where the design cannot have it."""
    if design == "ranking":
        places = value.split(",") if isinstance(value, str) else []
        if sorted(places) != sorted(str(place) for place in range(count)):
            raise UserError(f"not an order of {count} images: {str(value)[:40]!r}")
        return ",".join(places)
    allowed = [str(score) for score in SCALE] if design == "mos" else ["0", "1"]
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if text not in allowed:
        raise UserError(f"not an answer of this study: {str(value)[:40]!r}; it takes {', '.join(allowed)}")
    return text
