"""PSNR and RMSE as plain functions of two planes, and the entries of the metrics of luma and RGB.

Planes are H x W, uint8 or float64, on the 0 to 255 scale, already cropped and converted by the
protocol. Sums are taken row by row in float64 (exact for 8-bit planes).
"""

from __future__ import annotations

import math

import numpy as np

from srbench.metrics.contract import Metric, View
from srbench.statistics.intervals import CORRELATION, DISTANCE


def mean_squared_error(output: np.ndarray, reference: np.ndarray) -> float:
    """Mean of the squared differences, in squared grey levels; 0 for identical planes."""
    if output.shape != reference.shape or output.ndim != 2:
        raise ValueError(f"two planes of one size are needed, not {output.shape} and {reference.shape}")
    from srbench.images.kernels import squared_error

    return float(squared_error(output, reference)) / output.size


def psnr(output: np.ndarray, reference: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB with peak 255; higher is better, infinite for identical planes."""
    error = mean_squared_error(output, reference)
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def rmse(output: np.ndarray, reference: np.ndarray) -> float:
    """Root of the mean squared error in grey levels; lower is better, 0 for identical planes."""
    return math.sqrt(mean_squared_error(output, reference))


def _psnr_y(output: View, reference: View) -> float:
    return psnr(output.luma, reference.luma)


def _rmse_y(output: View, reference: View) -> float:
    return rmse(output.luma, reference.luma)


def _ssim_y(output: View, reference: View) -> float:
    from srbench.metrics.luma.structural_similarity import ssim_wang

    return ssim_wang(output.luma, reference.luma)


def _psnr_rgb(output: View, reference: View) -> float:
    height = reference.levels.shape[0]
    return psnr(output.levels.reshape(height, -1), reference.levels.reshape(height, -1))


def _ssim_rgb(output: View, reference: View) -> float:
    from srbench.metrics.luma.structural_similarity import ssim_wang

    channels = (ssim_wang(output.levels[..., c], reference.levels[..., c]) for c in range(3))
    return sum(channels) / 3


def _ssim_daala(output: View, reference: View) -> float:
    from srbench.metrics.luma.structural_similarity import ssim_daala

    return ssim_daala(output.luma, reference.luma)


METRICS = (
    Metric(
        name="psnr_y",
        title="PSNR",
        unit="dB",
        higher_is_better=True,
        needs_reference=True,
        source="10 log10(255^2 / MSE) of the protocol's luma",
        compute=_psnr_y,
        depths=(8, 16),
        note="infinite for identical images",
    ),
    Metric(
        name="ssim_y",
        title="SSIM",
        unit="",
        higher_is_better=True,
        needs_reference=True,
        source="Wang et al., IEEE TIP 2004, ssim_index.m: 11x11 Gaussian, sigma 1.5, valid region",
        compute=_ssim_y,
        depths=(8, 16),
        bounds=CORRELATION,
    ),
    Metric(
        name="ssim_daala",
        title="SSIM (daala)",
        unit="",
        higher_is_better=True,
        needs_reference=True,
        source="dump_ssim of xiph/daala, as used by SRGAN (Ledig et al., CVPR 2017)",
        compute=_ssim_daala,
        bounds=CORRELATION,
    ),
    Metric(
        name="rmse_y",
        title="RMSE",
        unit="grey levels",
        higher_is_better=False,
        needs_reference=True,
        source="PIRM 2018 challenge (Blau et al., ECCVW 2018): root of the mean over images of the MSE",
        compute=_rmse_y,
        depths=(8, 16),
        aggregate="root-mean-square",
        bounds=DISTANCE,
        note="of a data set the root of the mean over images of the MSE, not the mean of the images' RMSE",
    ),
    Metric(
        name="psnr_rgb",
        title="PSNR (RGB)",
        unit="dB",
        higher_is_better=True,
        needs_reference=True,
        source="10 log10(255^2 / MSE) over all values of R, G and B, as NTIRE_PeakSNR_imgs.m (NTIRE 2017)",
        compute=_psnr_rgb,
        depths=(8, 16),
        note="infinite for identical images",
    ),
    Metric(
        name="ssim_rgb",
        title="SSIM (RGB)",
        unit="",
        higher_is_better=True,
        needs_reference=True,
        source="the mean over R, G and B of Wang et al.'s SSIM, as NTIRE_SSIM_imgs.m (NTIRE 2017)",
        compute=_ssim_rgb,
        depths=(8, 16),
        bounds=CORRELATION,
    ),
)
