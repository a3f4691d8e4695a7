"""The files of an explanation: JSON, CSV, and a protocol that `srbench run` takes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from srbench.core.files import write_csv, write_text
from srbench.core.records import UserError
from srbench.studies.explain.conventions import Convention
from srbench.studies.explain.resamplers import LUMA_ALONE
from srbench.studies.explain.search import Explanation, Row
from srbench.studies.explain.words import used_by

_LUMAS = {
    ("bt601", True): "bt601-rounded",
    ("bt601", False): "bt601",
    ("daala", True): "daala",
    ("yiq", True): "rgb2gray-rounded",
}


_DOUBLE = {"degradation": "matlab-bicubic", "own_degradation": "matlab-bicubic-double", "edges": "clamp"}
# (inputs, upscaler) that the fields of a protocol can say.
_MAKINGS = {
    ("given", "given"): {"degradation": "matlab-bicubic", "edges": "clamp"},
    ("matlab", "given"): {"degradation": "matlab-bicubic", "edges": "clamp"},
    ("matlab-mirrored", "matlab-mirrored"): {"degradation": "matlab-bicubic", "edges": "symmetric"},
    ("pil-lanczos", "given"): {
        "degradation": "pil-lanczos",
        "own_degradation": "pil-lanczos",
        "edges": "clamp",
    },
    ("matlab-double", "given"): _DOUBLE,
    (LUMA_ALONE, "given"): _DOUBLE | {"plane": "luma"},
}


def write_json(path: Path, explanation: Explanation, scale: int) -> Path:
    """One array with an object per convention, best first; an infinite PSNR is null."""
    return write_text(path, json.dumps([_object(row, scale) for row in explanation.rows], indent=1) + "\n")


def write_rows(path: Path, explanation: Explanation, scale: int) -> Path:
    """The same as CSV, all digits."""
    rows = [_object(row, scale) for row in explanation.rows]
    head = list(rows[0]) if rows else []
    return write_csv(path, head, ({name: _plain(row[name]) for name in head} for row in rows))


def _object(row: Row, scale: int) -> dict[str, Any]:
    return {
        **row.convention.as_dict(),
        "psnr": row.psnr if math.isfinite(row.psnr) else None,
        "ssim": row.ssim,
        "matches": row.matches,
        "distance": row.distance if row.distance is not None and math.isfinite(row.distance) else None,
        "used_by": used_by(row.convention, scale),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else value


def write_protocol(path: Path, convention: Convention, scale: int) -> Path:
    """A protocol with the fields of a convention; `UserError` where a protocol cannot say what it does."""
    lacking = _inexpressible(convention)
    if lacking:
        raise UserError(f"no protocol can say {', '.join(lacking)}; {path} is not written")
    fields = {
        "name": path.stem,
        "summary": f"found by srbench explain: {used_by(convention, scale) or 'no known user'}",
        "border": "scale" if convention.border == scale != 4 else convention.border,
        "luma": _LUMAS.get((convention.luma, convention.rounded), "bt601-rounded"),
        "gray": _gray(convention),
        "metrics": _metrics(convention),
        "lpips_region": "whole",
        **_MAKINGS[convention.inputs, convention.upscaler],
    }
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    return write_text(path, "\n".join(lines) + "\n")


def _gray(convention: Convention) -> str:
    """The rule found; without gray files that of the papers that measure so."""
    if convention.gray == "any":
        return "full-range" if convention.rounded and convention.luma == "bt601" else "replicate"
    return convention.gray


def _metrics(convention: Convention) -> list[str]:
    if convention.luma == "rgb":
        return ["psnr_rgb", "ssim_rgb"]
    return ["psnr_y", "ssim_daala" if convention.ssim_kind == "daala" else "ssim_y"]


def _inexpressible(convention: Convention) -> list[str]:
    lacking = [f"{name} {value}" for name, value in convention.departures().items()]
    if convention.luma != "rgb" and (convention.luma, convention.rounded) not in _LUMAS:
        lacking.append(f"luma {convention.luma} {'rounded' if convention.rounded else 'unrounded'}")
    if convention.ssim_kind not in ("wang", "daala"):
        lacking.append(f"SSIM {convention.ssim_kind}")
    if convention.gray == "output-limited":
        lacking.append("gray output-limited")
    if convention.average != "images":
        lacking.append("the PSNR of a mean squared error")
    if (convention.inputs, convention.upscaler) not in _MAKINGS:
        lacking.append(f"inputs {convention.inputs}, enlarged by {convention.upscaler}")
    return lacking
