"""What the page shows, as one JSON document: boards, values, statistics, paths of pictures."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from srbench.core.records import Score
from srbench.core.text import without_folders
from srbench.methods.catalogue import METHODS
from srbench.protocols import PROTOCOLS
from srbench.report.leaderboards import provenance
from srbench.report.pictures import Pictures
from srbench.runs.data import RunData
from srbench.tables.boards import Board, MetricInfo
from srbench.tables.formats import formatted
from srbench.tables.pirm import PIRM, REGIONS
from srbench.tables.ranked import PostHoc, Ranked, of_board, rank, values_of
from srbench.tables.text import SMALL, decimals, gaps, heading, legend

# Metrics of the axes of the perception-distortion plane; the first that a board has are shown first.
DISTORTION = ("rmse_y", "psnr_y", "ssim_y", "ssim_daala")
PERCEPTION = ("mos", "pi", "lpips-alex", "niqe", "lpips-vgg", "lpips-squeeze", "ma")


def page_data(
    run: RunData, title: str, pictures: dict[tuple[str, int], Pictures], post_hoc: PostHoc = "wilcoxon-holm"
) -> dict[str, Any]:
    """The whole page; see `srbench/report/assets` for who reads what."""
    protocols = PROTOCOLS.names()
    boards = sorted(
        run.boards(),
        key=lambda board: protocols.index(board.protocol) if board.protocol in protocols else len(protocols),
    )
    names = dict.fromkeys(name for board in boards for name in board.methods)
    return {
        "title": title,
        # A method has one colour and mark on the whole page, whatever its rank in a table.
        "colours": {name: index for index, name in enumerate(sorted(names, key=_registered))},
        "boards": [
            board_data(
                rank(board, of_board(run.scores, board), post_hoc),
                run,
                pictures.get((board.dataset, board.scale)),
            )
            for board in boards
        ],
    }


def _registered(name: str) -> tuple[int, str]:
    known = METHODS.names()
    return (known.index(name) if name in known else len(known), name)


def as_script(data: Any) -> str:
    """JSON that may stand inside a `<script>` element: nothing in it can end the element or open another."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def board_data(ranked: Ranked, run: RunData, pictures: Pictures | None) -> dict[str, Any]:
    """One board: a data set at a scale under a protocol."""
    board = ranked.board
    scores = of_board(run.scores, board)
    images = sorted({score.image for score in scores})
    fact = run.facts["datasets"].get(f"{board.dataset} x{board.scale}", {})
    return {
        "dataset": board.dataset,
        "title": f"{run.title_of(board)} ×{board.scale}",
        "protocol": board.protocol,
        "images": images,
        "expected": fact.get("expected_images"),
        "legend": [f"{line}." for line in legend([board])] + ranked.marks_explained(),
        "notes": list(board.notes),
        "methods": [
            {
                "name": name,
                "reference": name in board.reference_methods,
                "remark": board.remarks.get(name, ""),
                "origin": board.origins.get(name, ""),
            }
            for name in ranked.methods
        ],
        "metrics": [_metric(info) for info in board.metrics],
        "cells": {
            info.name: {method: _cell(ranked, method, info) for method in ranked.methods}
            for info in board.metrics
        },
        "values": _values(scores, board, images),
        "gaps": [without_folders(line) for line in gaps(board)],
        "latex": formatted([board], "latex"),
        "csv": formatted([board], "csv"),
        "ranks": {info.name: _rank_test(ranked, info) for info in board.metrics if info.name in ranked.ranks},
        "regions": [bound for _, bound in REGIONS] if board.protocol == PIRM else [],
        "correlations": correlations(board, scores),
        "axes": {"x": _present(DISTORTION, board), "y": _perceptual(board)},
        "pictures": pictures.as_data(images, ranked.methods) if pictures else None,
        "provenance": provenance(board, run),
        "people": _people(ranked),
    }


def _people(ranked: Ranked) -> dict[str, Any] | None:
    """The panel on opinion scores: methods by falling MOS, with the shares of the ratings 1 to 5."""
    opinions = ranked.board.opinions
    if opinions is None:
        return None
    rated = sorted(opinions.methods.items(), key=lambda item: -item[1].mean)
    return {
        "lines": list(opinions.lines),
        "methods": [
            {
                "name": name,
                "mean": one.mean,
                "interval": [one.interval.low, one.interval.high] if one.interval else None,
                "ratings": one.ratings,
                "raters": one.raters,
                "images": one.images,
                "shares": [count / one.ratings for count in one.counts],
            }
            for name, one in rated
        ],
    }


def _present(names: Sequence[str], board: Board) -> list[str]:
    return [name for name in names if name in {info.name for info in board.metrics}]


def _perceptual(board: Board) -> list[str]:
    """The metrics that may stand for perception: the usual ones first, then all but distortions."""
    others = [info.name for info in board.metrics if info.name not in (*DISTORTION, *PERCEPTION)]
    return _present(PERCEPTION, board) + others


def _metric(info: MetricInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "title": info.title,
        "heading": heading(info),
        "label": f"{info.title} [{info.unit}]" if info.unit else info.title,
        "unit": info.unit,
        "higher": info.higher_is_better,
        "ofSet": info.of_set,
        "digits": decimals(info),
        "small": SMALL,
        "aggregate": "root mean square" if info.aggregate == "root-mean-square" else "mean",
    }


def number(value: float | None) -> float | str | None:
    """A value for JSON, which has no infinity; with all its digits, because the page rounds."""
    if value is None or math.isnan(value):
        return None
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def _cell(ranked: Ranked, method: str, info: MetricInfo) -> dict[str, Any]:
    cell = ranked.board.cells[method, info.name]
    standing = ranked.standings.get((method, info.name))
    return {
        "value": number(cell.value),
        "interval": [cell.interval.low, cell.interval.high] if cell.interval else None,
        "n": cell.n,
        "expected": cell.expected,
        "reasons": [without_folders(reason) for reason in cell.reasons],
        "best": method in ranked.board.best(info),
        "mark": ranked.mark(method, info.name),
        "p": None if standing is None else standing.p_value,
    }


def _values(scores: list[Score], board: Board, images: list[str]) -> dict[str, dict[str, list[Any]]]:
    by_cell = values_of(scores)
    return {
        info.name: {
            method: [number(by_cell.get((method, info.name), {}).get(image)) for image in images]
            for method in board.methods
        }
        for info in board.metrics
    }


def _rank_test(ranked: Ranked, info: MetricInfo) -> dict[str, Any]:
    return {
        "text": ranked.friedman_text(info.name),
        "difference": ranked.difference(info.name),
        "ranks": list(ranked.ranks[info.name].ranks.items()),
        "groups": ranked.groups[info.name],
    }


def correlations(board: Board, scores: list[Score]) -> dict[str, Any]:
    """Spearman's correlation of each two metrics over all outputs, every metric turned so that up is better.

    Only outputs that both metrics have scored count, and not the references themselves.
    """
    found = values_of(score for score in scores if score.method not in board.reference_methods)
    columns: dict[str, dict[tuple[str, str], float]] = {info.name: {} for info in board.metrics}
    for (method, metric), values in found.items():
        columns[metric] |= {(method, image): value for image, value in values.items()}
    sign = {info.name: 1.0 if info.higher_is_better else -1.0 for info in board.metrics}
    rho: dict[str, dict[str, list[float | int | None]]] = {name: {} for name in columns}
    for a, b in itertools.product(columns, repeat=2):
        common = sorted(columns[a].keys() & columns[b].keys())
        pairs = [(sign[a] * columns[a][key], sign[b] * columns[b][key]) for key in common]
        rho[a][b] = [spearman(pairs), len(pairs)]
    return rho


def spearman(pairs: list[tuple[float, float]]) -> float | None:
    """Spearman's rank correlation; None for fewer than three pairs or where one side is constant."""
    if len(pairs) < 3:
        return None
    from scipy.stats import rankdata

    first, second = (rankdata(side) for side in zip(*pairs, strict=True))
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])
