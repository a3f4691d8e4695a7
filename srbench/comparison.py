"""`srbench compare`: paired tests between the methods of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srbench.records import UsageError, UserError
from srbench.run_folder import existing_run, metric_infos, reference_methods
from srbench.store import Store
from srbench.tables import significance


@dataclass(frozen=True)
class Comparison:
    """One row of `significance.csv`."""

    row: dict[str, Any]

    def cells(self) -> list[str]:
        """The row as printed."""
        row = self.row
        mark = "*" if row["significant"] else ""
        return [
            f"{row['dataset']} ×{row['scale']} {row['protocol']}",
            row["metric"],
            row["method_a"],
            row["method_b"],
            str(row["n"]),
            f"{row['median_difference']:.4g}",
            f"{row['statistic']:.6g}",
            f"{row['p_value']:.3g}",
            f"{row['p_holm']:.3g}{mark}",
            f"{row['rank_biserial']:+.3f}",
            row["note"],
        ]


def comparisons(folder: Path, methods: list[str], metric: str) -> list[Comparison]:
    """Tests of all pairs of `methods` (all of the run when empty), for one metric or all.

    Holm's correction is over the pairs that are shown.
    """
    if len(methods) == 1:
        raise UsageError("compare needs two or more methods, or none for all of the run")
    with Store(existing_run(folder)) as store:
        scores = store.results()
        infos = metric_infos(store, scores)
        references = reference_methods(store)
    known = list(dict.fromkeys(score.method for score in scores))
    for name in methods:
        if name not in known:
            raise UsageError(f"the run has no method '{name}'; it has: {', '.join(known)}")
    if metric and metric not in infos:
        raise UsageError(f"the run has no metric '{metric}'; it has: {', '.join(infos)}")
    chosen = [
        score
        for score in scores
        if (not methods or score.method in methods) and (not metric or score.metric == metric)
    ]
    rows = significance(chosen, infos, references - set(methods))
    if not rows:
        raise UserError(f"{folder} has no two methods with scores of the same metric and data set")
    return [Comparison(row) for row in rows]
