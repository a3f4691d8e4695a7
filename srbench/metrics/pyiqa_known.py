"""The metrics of pyiqa that papers print, by the names that people type, with their publications.

Every other metric of pyiqa is `pyiqa:NAME` too. Directions are stated here so that listings need not import
pyiqa; a test compares them with pyiqa's own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A metric of pyiqa: what papers call it, where it was published, its direction, and whether it compares
    with a reference."""

    title: str
    source: str
    higher_is_better: bool
    needs_reference: bool


_TOPIQ = "Chen et al., TOPIQ, IEEE TIP 2024"
_AFINE = "Chen et al., A-FINE, CVPR 2025"
_LPIPS = "Zhang et al., CVPR 2018, weighted by semantic features as in TOPIQ"

KNOWN: dict[str, Known] = {
    "dists": Known("DISTS", "Ding et al., IEEE TPAMI 2022", False, True),
    "lpips+": Known("LPIPS+", _LPIPS, False, True),
    "lpips-vgg+": Known("LPIPS+ (VGG)", _LPIPS, False, True),
    "stlpips": Known("ST-LPIPS", "Ghildyal and Liu, shift-tolerant LPIPS, ECCV 2022", False, True),
    "topiq_fr": Known("TOPIQ (FR)", _TOPIQ, True, True),
    "afine_fr": Known("A-FINE (fidelity)", _AFINE, False, True),
    "afine_all_scale": Known("A-FINE", _AFINE, False, True),
    "musiq": Known("MUSIQ", "Ke et al., ICCV 2021; trained on KonIQ-10k", True, False),
    "clipiqa": Known("CLIP-IQA", "Wang et al., AAAI 2023", True, False),
    "clipiqa+": Known("CLIP-IQA+", "Wang et al., AAAI 2023", True, False),
    "maniqa": Known("MANIQA", "Yang et al., CVPRW 2022; trained on KonIQ-10k", True, False),
    "topiq_nr": Known("TOPIQ (NR)", _TOPIQ, True, False),
    "afine_nr": Known("A-FINE (naturalness)", _AFINE, False, False),
}  # fmt: skip


def known_name(text: str) -> str | None:
    """pyiqa's name for what was typed, in any case, where it is one of these."""
    name = text.casefold()
    return name if name in KNOWN else None
