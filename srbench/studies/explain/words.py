"""Conventions in words, and the papers and programs that are known for them."""

from __future__ import annotations

from typing import Any

from srbench.studies.explain.conventions import Convention
from srbench.studies.explain.resamplers import LUMA_ALONE

_LUMA = {
    "bt601": "Y BT.601",
    "bt709": "Y BT.709",
    "yiq": "gray BT.601 full range",
    "gray709": "gray BT.709 full range",
    "rgb": "RGB",
    "daala": "Y daala",
}
_GRAY = {
    "any": "",
    "full-range": "gray files as they are",
    "replicate": "gray files as three channels",
    "output-limited": "MISTAKE gray outputs limited range, references full range",
}
_CHANNELS = {"bgr": "red and blue swapped in both", "output-bgr": "red and blue swapped in the output"}
_RANGE = {
    "219": "peak 219",
    "maximum": "peak is the reference's maximum",
    "span": "peak is the reference's maximum less its minimum",
    "510": "peak 510 (floats taken for -1 to 1)",
}


def words(convention: Convention) -> str:
    """A convention in one line; what is usual is left out."""
    parts = [
        _LUMA[convention.luma] + ("" if convention.luma in ("rgb", "daala") else _rounding(convention)),
        f"border {convention.border}",
        f"SSIM {convention.ssim_kind}",
        _GRAY[convention.gray],
        "" if convention.average == "images" else _mse(convention),
        *(_departure(name, value) for name, value in convention.departures().items()),
        _making(convention),
    ]
    return ", ".join(part for part in parts if part)


def change(convention: Convention, base: Convention) -> str:
    """What a convention does otherwise than another."""
    parts = []
    if (convention.luma, convention.rounded) != (base.luma, base.rounded):
        rounding = "" if convention.luma in ("rgb", "daala") else _rounding(convention)
        parts.append(_LUMA[convention.luma] + rounding)
    if convention.border != base.border:
        parts.append(f"border {convention.border}")
    if convention.ssim_kind != base.ssim_kind:
        parts.append(f"SSIM {convention.ssim_kind}")
    if convention.gray != base.gray:
        parts.append(_GRAY[convention.gray])
    if (convention.average, convention.pooled) != (base.average, base.pooled):
        parts.append("mean of the images' PSNRs" if convention.average == "images" else _mse(convention))
    usual = base.departures()
    for name, value in convention.departures().items():
        if usual.get(name) != value:
            parts.append(_departure(name, value))
    parts += [
        f"not: {_departure(name, value)}"
        for name, value in usual.items()
        if name not in convention.departures()
    ]
    if (convention.inputs, convention.upscaler) != (base.inputs, base.upscaler):
        parts.append(_making(convention) or "MATLAB's inputs")
    return ", ".join(parts)


def used_by(convention: Convention, scale: int) -> str:
    """Papers and programs that measure so, empty where none is known."""
    if convention.inputs == LUMA_ALONE and convention.border == scale:
        return "the scripts of SRCNN, FSRCNN, ANR and A+"
    rounded = convention.luma == "bt601" and convention.rounded and convention.gray in ("any", "replicate")
    if convention.inputs == "matlab-double" and convention.border == scale and rounded:
        return "LapSRN and SPSR, bicubic" if not convention.departures() else ""
    as_given = convention.inputs in ("given", "matlab") and convention.upscaler == "given"
    if convention.departures() or not as_given:
        return ""
    return "; ".join(name for name, fields in _users(scale) if _fits(convention, fields))


def _fits(convention: Convention, fields: dict[str, Any]) -> bool:
    fields = {"average": "images", **fields}
    return all(
        getattr(convention, name) == value or (name == "gray" and convention.gray == "any")
        for name, value in fields.items()
    )


def _users(scale: int) -> list[tuple[str, dict[str, Any]]]:
    rounded = {"luma": "bt601", "rounded": True, "ssim_kind": "wang", "gray": "full-range"}
    unrounded = {"luma": "bt601", "rounded": False, "ssim_kind": "wang", "gray": "replicate"}
    rgb = {"luma": "rgb"}
    return [
        ("SRCNN, SelfExSR, VDSR", rounded | {"border": scale}),
        *([("EnhanceNet, PIRM, TSRN", rounded | {"border": 4})]),
        ("EDSR, RCAN, ESRGAN, BasicSR", unrounded | {"border": scale}),
        ("SRGAN", {"luma": "daala", "ssim_kind": "daala", "border": 4}),
        ("NTIRE", rgb | {"border": 6 + scale, "ssim_kind": "wang"}),
        ("BasicSR without test_y_channel", rgb | {"border": scale, "ssim_kind": "wang"}),
        ("scikit-image", rgb | {"border": 0, "ssim_kind": "skimage"}),
        ("torchmetrics", rgb | {"border": 0, "ssim_kind": "torchmetrics", "average": "mse", "pooled": True}),
        ("pyiqa psnry, ssim", {"luma": "yiq", "rounded": False, "border": 0, "ssim_kind": "wang"}),
    ]


def _rounding(convention: Convention) -> str:
    return " rounded" if convention.rounded else " unrounded"


def _mse(convention: Convention) -> str:
    return f"PSNR of the mean MSE over {'pixels' if convention.pooled else 'images'}"


def _departure(name: str, value: Any) -> str:
    if name == "shift":
        return f"reference shifted by {value[0]:+d}, {value[1]:+d} (rows, columns)"
    return {
        "data_range": lambda: _RANGE[value],
        "mod_crop": lambda: f"cut to multiples of {value}",
        "channels": lambda: _CHANNELS[value],
        "light": lambda: "linear light (gamma undone)",
        "jpeg": lambda: f"outputs saved as JPEG {value}",
    }[name]()


def _making(convention: Convention) -> str:
    if convention.inputs == LUMA_ALONE:
        return "Y alone, input never quantised"
    parts = []
    if convention.inputs not in ("given", "matlab"):
        parts.append(f"inputs by {convention.inputs}")
    if convention.upscaler != "given":
        parts.append(f"enlarged by {convention.upscaler}")
    return ", ".join(parts)
