"""Protocols: everything that changes a number and that papers leave unsaid, as typed records.

A protocol has a name and a version, and every score row carries its name. Raise the version whenever
a field changes: stored scores of the older version are then computed again. Users state their own in a
TOML file; its name then ends with the hash of what it says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from srbench.core.records import Degradation, Unscorable
from srbench.core.registry import Registry
from srbench.images.codec import Bits
from srbench.images.pixels import Border, GrayRule, LumaKind, Plane
from srbench.images.resize import Edges

LpipsRegion = Literal["whole", "patches-64"]

IN_16_BITS = "-16bit"  # the end of the name of a protocol that measures 16-bit images

_PROSE = ("summary", "source")
_INPUTS = ("degradation", "own_degradation", "own_gray")
# Said only where it is not so: what was stored before the field was there stays valid.
_UNSAID = {"plane": "colour", "bits": 8}


@dataclass(frozen=True)
class Protocol:
    """How inputs are made and outputs measured.

    - `degradation`: how the low-resolution input is made from the reference; methods that were trained on
      `own_degradation` get that instead, where a paper fed its networks differently, and are measured with
      the gray rule `own_gray` where there is one.
    - `edges`: the edge rule of MATLAB's `imresize`, for the degradation and for interpolation methods.
    - `border`: pixels cut from each side of output and reference, "scale", or "scale+6" and the like
      (`srbench.images.pixels.border_width`).
    - `luma`, `gray`: the conversion of RGB to the plane that Y metrics see (`srbench.images.pixels.luma`);
      `gray` says what a grayscale file is: its own luma (0 to 255), or three equal channels.
    - `plane`: "luma" turns every reference into its rounded BT.601 Y, a grayscale image, before the input is
      made: scripts that never see colour.
    - `lpips_region`: LPIPS of the whole image, or TSRN's mean over 64x64 patches of the centre crop.
    - `metrics`: what `--metrics default` means.
    - `bits`: of a channel of the images that are measured. In 16 bits the peak of 65535 is 255 on the scale
      of all values, 8-bit files count as 257 times as much, and rounded luma is rounded to 16 bits.
    """

    name: str
    version: int
    summary: str
    source: str
    border: Border
    luma: LumaKind
    gray: GrayRule
    metrics: tuple[str, ...]
    degradation: Degradation = "matlab-bicubic"
    edges: Edges = "clamp"
    own_degradation: Degradation = "matlab-bicubic"
    own_gray: GrayRule | None = None
    lpips_region: LpipsRegion = "whole"
    plane: Plane = "colour"
    bits: Bits = 8

    @property
    def needs_scale(self) -> bool:
        """Whether the border depends on the scale."""
        return isinstance(self.border, str)

    def degradation_for(self, inputs: Sequence[Degradation | None]) -> Degradation:
        """How the input of a method is made; `inputs` are the method's.

        `Unscorable` where the parts of a combination take different inputs.
        """
        kinds = {kind if kind == self.own_degradation else self.degradation for kind in inputs}
        if len(kinds) > 1:
            raise Unscorable(
                f"its parts take different inputs under the protocol {self.name}: {sorted(kinds)}"
            )
        return kinds.pop() if kinds else self.degradation

    def for_inputs(self, inputs: Sequence[Degradation | None]) -> Protocol:
        """This protocol as it measures a method with these `inputs`: with the gray rule for it."""
        if self.own_gray is None or self.degradation_for(inputs) != self.own_degradation:
            return self
        return replace(self, gray=self.own_gray)

    def in_bits(self, bits: Bits) -> Protocol:
        """This protocol measuring images of so many bits, under a name that says so."""
        if bits == self.bits:
            return self
        name = self.name.removesuffix(IN_16_BITS) + (IN_16_BITS if bits == 16 else "")
        return replace(self, name=name, bits=bits)

    def measurement(self) -> dict[str, Any]:
        """The fields that decide the score of a given output and reference."""
        left_out = (*_PROSE, *_INPUTS, "metrics")
        return {name: value for name, value in self._said().items() if name not in left_out}

    @property
    def hash(self) -> str:
        """SHA-256 of every field that decides what is measured, in hex; names and prose do not count."""
        said = {name: value for name, value in self._said().items() if name not in ("name", *_PROSE)}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """Every field and the hash, as written into `run.json`."""
        return self._said() | {"hash": self.hash}

    def _said(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if _UNSAID.get(name) != value}


PROTOCOLS: Registry[Protocol] = Registry("protocol", group=None)

for _protocol in (
    Protocol(
        name="srbench",
        version=1,
        summary="the field's usual table: BT.601 Y rounded, 4-pixel border, MATLAB bicubic inputs",
        source="SelfExSR evaluation code (Huang et al., CVPR 2015); EnhanceNet Table 2",
        border=4,
        luma="bt601-rounded",
        gray="full-range",
        metrics=("psnr_y", "ssim_y"),
    ),
    Protocol(
        name="matlab",
        version=1,
        summary="as srbench, but the border is as wide as the scale: SelfExSR's values at every scale",
        source="SelfExSR evaluation code and per-image tables (Huang et al., CVPR 2015)",
        border="scale",
        luma="bt601-rounded",
        gray="full-range",
        metrics=("psnr_y", "ssim_y"),
    ),
    Protocol(
        name="enhancenet",
        version=2,
        summary="as srbench; the paper's networks get PIL's Lanczos reductions, gray as three channels",
        source="EnhanceNet (Sajjadi et al., ICCV 2017); the input kind is measured on the official weights",
        border=4,
        luma="bt601-rounded",
        gray="full-range",
        metrics=("psnr_y", "ssim_y"),
        own_degradation="pil-lanczos",
        own_gray="replicate",
    ),
    Protocol(
        name="srgan",
        version=2,
        summary="the daala tools after a 4-pixel crop: Y of png2y4m (4:2:0, dithered), dump_psnr, dump_ssim",
        source="SRGAN (Ledig et al., CVPR 2017), section 3.1 and Table 2; xiph/daala tools",
        border=4,
        luma="daala",
        gray="replicate",
        metrics=("psnr_y", "ssim_daala"),
    ),
    Protocol(
        name="pirm",
        version=1,
        summary="the PIRM 2018 challenge: BT.601 Y rounded, 4-pixel shave, RMSE and perceptual index",
        source="roimehrez/PIRM2018, evaluate_results.m (Blau et al., ECCVW 2018)",
        border=4,
        luma="bt601-rounded",
        gray="full-range",
        metrics=("rmse_y", "psnr_y", "ssim_y", "niqe", "ma", "pi"),
    ),
    Protocol(
        name="tsrn",
        version=1,
        summary="TSRN: LPIPS as the mean over 64x64 patches of the centre crop; Y metrics as srbench",
        source="TSRN (Gondal et al., ECCVW 2018), section 6.1 and Tables 3 and 4",
        border=4,
        luma="bt601-rounded",
        gray="full-range",
        metrics=("lpips-alex", "lpips-squeeze", "psnr_y", "ssim_y"),
        lpips_region="patches-64",
    ),
    Protocol(
        name="basicsr",
        version=2,
        summary="EDSR, RCAN and BasicSR: BT.601 Y unrounded, border as wide as the scale",
        source="RCAN Evaluate_PSNR_SSIM.m (Zhang et al., ECCV 2018); BasicSR calculate_psnr test_y_channel",
        border="scale",
        luma="bt601",
        gray="replicate",
        metrics=("psnr_y", "ssim_y"),
    ),
    Protocol(
        name="srcnn",
        version=2,
        summary="SRCNN, FSRCNN, ANR and A+: rounded Y alone, border as wide as the scale; bicubic and the "
        "networks whose scripts never quantise their inputs get them so",
        source="SRCNN demo_SR.m (Dong et al., TPAMI 2016); ANR and A+ go_run_Set5_x4.m (Timofte et al.)",
        border="scale",
        luma="bt601-rounded",
        gray="full-range",
        metrics=("psnr_y", "ssim_y"),
        own_degradation="matlab-bicubic-double",
        plane="luma",
    ),
    Protocol(
        name="lapsrn",
        version=2,
        summary="LapSRN: colour inputs that were never quantised, Y unrounded, gray files as three channels",
        source="phoenix104104/LapSRN, test_LapSRN.m and evaluate_SR.m (Lai et al., CVPR 2017); gray: Table 3",
        border="scale",
        luma="bt601",
        gray="replicate",
        metrics=("psnr_y", "ssim_y"),
        own_degradation="matlab-bicubic-double",
    ),
    Protocol(
        name="ntire",
        version=1,
        summary="the NTIRE challenges on DIV2K: RGB, border of 6 + scale pixels",
        source="NTIRE_PeakSNR_imgs.m and NTIRE_SSIM_imgs.m of NTIRE 2017 (Timofte et al., CVPRW 2017)",
        border="scale+6",
        luma="bt601-rounded",
        gray="replicate",
        metrics=("psnr_rgb", "ssim_rgb"),
    ),
    Protocol(
        name="restoration",
        version=1,
        summary="denoising and deblurring at scale 1: RGB, no border",
        source="Restormer (Zamir et al., CVPR 2022), evaluation of denoising and deblurring: PSNR of RGB; "
        "SSIM of Wang et al. for each channel",
        border=0,
        luma="bt601",
        gray="full-range",
        metrics=("psnr_rgb", "ssim_rgb"),
    ),
    Protocol(
        name="niqe-release",
        version=1,
        summary="how the official NIQE code is called: MATLAB's rounded rgb2gray, no border",
        source="NIQE release (Mittal et al., IEEE SPL 2013), computequality.m",
        border=0,
        luma="rgb2gray-rounded",
        gray="full-range",
        metrics=("niqe",),
    ),
    Protocol(
        name="bapps",
        version=1,
        summary="BAPPS: whole 64x64 patches, no border; BT.601 Y rounded for the metrics of luma",
        source="richzhang/PerceptualSimilarity, test_dataset_model.py (Zhang et al., CVPR 2018)",
        border=0,
        luma="bt601-rounded",
        gray="full-range",
        metrics=("psnr_y", "ssim_y", "lpips-alex", "lpips-squeeze", "lpips-vgg"),
    ),
):
    PROTOCOLS.add(_protocol.name, _protocol)
