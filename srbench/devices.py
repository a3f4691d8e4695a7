"""Which device networks run on."""

from __future__ import annotations

from srbench.records import UsageError


def choose_device(wanted: str) -> str:
    """The torch device of `--device`: "auto" is the first CUDA device, then Apple's, then the processor.

    A run on the processor never imports torch for this question unless it is installed with a GPU in mind.
    """
    if wanted == "cpu":
        return wanted
    import torch

    has_mps = torch.backends.mps.is_available()
    if wanted == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if has_mps else "cpu"
    try:
        kind = torch.device(wanted).type
    except RuntimeError:
        raise UsageError(f"unknown device '{wanted}'; there are: auto, cpu, cuda, cuda:N, mps") from None
    if (kind == "cuda" and not torch.cuda.is_available()) or (kind == "mps" and not has_mps):
        raise UsageError(f"the device '{wanted}' is not available here; use --device auto")
    return wanted
