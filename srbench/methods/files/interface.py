"""What was taken for the interface of a user's model: printed with every run and recorded in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from srbench.methods.files.ranges import Range, range_text
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
