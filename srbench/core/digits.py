"""How many digits of a value are written, in every table, page and file that rounds."""

from __future__ import annotations

# Gram distances lie between 1e-8 and 1e-4: with a fixed number of decimals most of them would be 0.
SMALL = 1e-3


def rounded(value: float, digits: int) -> str:
    """`value` with so many decimals; with so many significant digits where it is nearer to 0 than `SMALL`."""
    if 0 < abs(value) < SMALL:
        return f"{value:#.{digits}g}"
    return f"{value:.{digits}f}"
