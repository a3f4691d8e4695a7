"""The PIRM 2018 challenge's view of a run: RMSE, perceptual index and region of each method."""

from __future__ import annotations

import io
from dataclasses import dataclass

from srbench.core.records import Score
from srbench.metrics.natural.perceptual_index import perceptual_index
from srbench.statistics.intervals import Aggregate, aggregate
from srbench.tables.text import markdown, markdown_head, markdown_row

# Upper bounds of the RMSE of the three regions (Blau et al., ECCVW 2018, section 2).
REGIONS = ((1, 11.5), (2, 12.5), (3, 16.0))

# The protocol under which the challenge measured; its regions mean nothing under another one.
PIRM = "pirm"
_METRICS = ("rmse_y", "ma", "niqe", "pi")

COLUMNS = (
    "dataset", "scale", "protocol", "method", "n", "expected", "rmse", "rmse_image_mean", "ma", "niqe", "pi",
    "pi_image_mean", "region",
)  # fmt: skip


@dataclass(frozen=True)
class PirmRow:
    """A method as the challenge ranks it, over the `n` of `expected` images that have all of its scores.

    `rmse` is the root of the mean over images of the MSE and `pi` comes from the means of Ma and NIQE,
    both as PIRM computes them; `rmse_image_mean` and `pi_image_mean` are means of the images' values.
    `region` is 1, 2 or 3, None above an RMSE of 16. A metric that the method has on no image is None and
    leaves out none of them.
    """

    dataset: str
    scale: int
    protocol: str
    method: str
    n: int
    expected: int
    rmse: float | None
    rmse_image_mean: float | None
    ma: float | None
    niqe: float | None
    pi: float | None
    pi_image_mean: float | None
    region: int | None


def region_of(rmse: float) -> int | None:
    """PIRM's region of a method: 1 for RMSE at most 11.5, 2 at most 12.5, 3 at most 16, else None."""
    return next((region for region, bound in REGIONS if rmse <= bound), None)


def pirm_rows(scores: list[Score]) -> list[PirmRow]:
    """One row for each method and data set that has `rmse_y` under the protocol `pirm`, in the order of
    scores."""
    images: dict[tuple[str, int], set[str]] = {}
    values: dict[tuple[str, int, str, str], dict[str, dict[str, float]]] = {}
    for score in scores:
        if score.protocol != PIRM:
            continue
        images.setdefault((score.dataset, score.scale), set()).add(score.image)
        if score.value is not None and score.metric in _METRICS:
            place = (score.dataset, score.scale, score.protocol, score.method)
            values.setdefault(place, {}).setdefault(score.metric, {})[score.image] = score.value
    return [
        _row(place, metrics, len(images[place[:2]]))
        for place, metrics in values.items()
        if "rmse_y" in metrics
    ]


def _row(place: tuple[str, int, str, str], metrics: dict[str, dict[str, float]], expected: int) -> PirmRow:
    complete = sorted(set.intersection(*(set(values) for values in metrics.values())))

    def over(name: str, how: Aggregate = "mean") -> float | None:
        found = [metrics[name][image] for image in complete] if name in metrics else []
        return aggregate(found, how) if found else None

    rmse, ma, niqe = over("rmse_y", "root-mean-square"), over("ma"), over("niqe")
    return PirmRow(
        *place,
        n=len(complete),
        expected=expected,
        rmse=rmse,
        rmse_image_mean=over("rmse_y"),
        ma=ma,
        niqe=niqe,
        pi=None if ma is None or niqe is None else perceptual_index(ma, niqe),
        pi_image_mean=over("pi"),
        region=None if rmse is None else region_of(rmse),
    )


def pirm_markdown(rows: list[PirmRow]) -> str:
    """The section of `leaderboard.md` on the PIRM challenge."""
    if not rows:
        return ""
    out = io.StringIO()
    out.write("\n## PIRM 2018 regions\n\n")
    out.write(
        "RMSE is the root of the mean over images of the MSE, PI comes from the means of Ma and NIQE, as the "
        "challenge computes them; the means of the images' own values stand beside. A row is over the images "
        "that have all of its scores.\n\n"
    )
    heads = ["data set", "method", "n", "RMSE ↓", "mean of RMSE", "PI ↓", "mean of PI", "region"]
    out.write(markdown_head(heads, left=2))
    out.writelines(markdown_row(map(markdown, pirm_cells(row))) for row in rows)
    return out.getvalue()


def pirm_cells(row: PirmRow) -> list[str]:
    """A row of the challenge as printed; a dash for what was not scored, a mark where images are missing."""

    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:.4f}"

    region = "none" if row.region is None else str(row.region)
    n = str(row.n) if row.n == row.expected else f"{row.n} of {row.expected}"
    numbers = [number(value) for value in (row.rmse, row.rmse_image_mean, row.pi, row.pi_image_mean)]
    return [f"{row.dataset} ×{row.scale}", row.method, n, *numbers, region]
