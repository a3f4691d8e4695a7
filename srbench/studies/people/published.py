"""What papers report of their studies with people."""

from __future__ import annotations

from srbench.studies.reported import reported

# EnhanceNet's poster: "A quantitative user study comparing EnhanceNet-E's and EnhanceNet-PAT's results with
# the ground truth showed that EnhanceNet-PAT was preferred in 91.0% of all votes."
PREFERENCES = {("enet-e", "enet-pat"): "enet-pat 91.0 %"}


def reported_mos(dataset: str, scale: int) -> dict[str, str]:
    """SRGAN's mean opinion scores of a data set as printed, by method (Tables 1 and 2); scale 0: unknown."""
    return {
        cell.method: cell.printed
        for cell in reported("srgan")
        if cell.metric == "mos" and cell.dataset == dataset and scale in (0, cell.scale)
    }
