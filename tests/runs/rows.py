"""Rows of a store."""

from __future__ import annotations

from srbench.core.records import OK, Score


def score(image: str = "a", metric: str = "psnr_y", value: float | None = 30.0, **fields: object) -> Score:
    """One row: 30 dB of bicubic, but for what is given; None for a score that is missing."""
    settings: dict[str, object] = {
        "method": "bicubic", "dataset": "set5", "scale": 4, "protocol": "srbench", "seconds": 0.5,
        "status": OK if value is not None else "a reason",
    } | fields  # fmt: skip
    return Score(image=image, metric=metric, value=value, **settings)  # type: ignore[arg-type]
