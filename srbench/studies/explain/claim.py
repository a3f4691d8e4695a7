"""A claimed number as printed, and how near a measured one comes to it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from srbench.core.records import UsageError

_NUMBER = re.compile(r"(\d*)\.?(\d*)$")
# Values that lie on half a digit are taken for either of its neighbours.
_SLACK = 1e-9


@dataclass(frozen=True)
class Printed:
    """A number with as many decimals as it was printed with."""

    value: float
    decimals: int

    @property
    def unit(self) -> float:
        """One unit of the last printed digit."""
        return 10.0**-self.decimals

    def agrees(self, value: float) -> bool:
        """Whether a value prints as this number."""
        return abs(value - self.value) <= self.unit / 2 + _SLACK

    def __str__(self) -> str:
        return f"{self.value:.{self.decimals}f}"


@dataclass(frozen=True)
class Claim:
    """A claimed PSNR (dB), SSIM, or both."""

    psnr: Printed | None
    ssim: Printed | None

    def agrees(self, psnr: float, ssim: float | None) -> bool:
        """Whether the values print as everything that is claimed."""
        if self.ssim is not None and (ssim is None or not self.ssim.agrees(ssim)):
            return False
        return self.psnr is None or self.psnr.agrees(psnr)

    def distance(self, psnr: float, ssim: float | None) -> float:
        """How far the values are from what is claimed, in units of the last printed digits."""
        parts = [abs(psnr - self.psnr.value) / self.psnr.unit] if self.psnr else []
        if self.ssim is not None:
            parts.append(math.inf if ssim is None else abs(ssim - self.ssim.value) / self.ssim.unit)
        return sum(parts)

    def __str__(self) -> str:
        return "/".join(str(part) if part else "–" for part in (self.psnr, self.ssim)).removesuffix("/–")


def read_claim(text: str) -> Claim:
    """A claim from `28.42/0.8101`, `28.42` (PSNR alone) or `/0.8101` (SSIM alone); else `UsageError`."""
    psnr, slash, ssim = (part.strip() for part in text.partition("/"))
    if not (psnr or ssim) or (slash and not ssim):
        raise UsageError(f"--claimed {text}: give PSNR/SSIM as printed, e.g. 28.42/0.8101, 28.42 or /0.8101")
    claim = Claim(_printed(psnr, text), _printed(ssim, text))
    if claim.ssim and claim.ssim.value > 1:
        raise UsageError(f"--claimed {text}: an SSIM is at most 1; give PSNR/SSIM")
    if claim.psnr and claim.psnr.value <= 1:
        raise UsageError(f"--claimed {text}: that is no PSNR in dB; for an SSIM alone write /{psnr}")
    return claim


def _printed(text: str, claimed: str) -> Printed | None:
    if not text:
        return None
    match = _NUMBER.match(text)
    if match is None or not any(match.groups()):
        raise UsageError(f"--claimed {claimed}: {text} is no number; give PSNR/SSIM, e.g. 28.42/0.8101")
    return Printed(float(text), len(match[2]))
