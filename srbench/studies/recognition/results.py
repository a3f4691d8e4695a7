"""The tables of the recognition benchmark, in the forms of TSRN's and EnhanceNet's."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from srbench.statistics.pairs import holm
from srbench.studies.recognition.accuracy import Recognition, mcnemar, summarise, wilson_interval
from srbench.studies.recognition.measure import BASELINE, Looks
from srbench.studies.reported import read_table
from srbench.tables.text import grouped, markdown_head, markdown_row
from srbench.tables.text import markdown as escaped

_Key = tuple[str, str, str]  # classifier, method, measure


@dataclass(frozen=True)
class Row:
    """One method under one classifier; accuracies with 95% Wilson intervals, over `n` of `expected`."""

    classifier: str
    method: str
    found: Recognition
    expected: int
    top1_interval: tuple[float, float]
    top5_interval: tuple[float, float]

    def measures(self) -> dict[str, float]:
        """Every measure by the name that it has in `recognition.csv`; accuracies and errors alike."""
        return {
            "top1_accuracy": self.found.top1,
            "top5_accuracy": self.found.top5,
            "top1_error": 1 - self.found.top1,
            "top5_error": 1 - self.found.top5,
            "confidence": self.found.confidence,
            "confidence_correct": self.found.confidence_correct,
        }


@dataclass(frozen=True)
class PairTest:
    """McNemar's exact test of two methods under one classifier, corrected by Holm within it."""

    classifier: str
    method_a: str
    method_b: str
    n: int
    only_a: int
    only_b: int
    p_value: float
    p_holm: float


def make_rows(looks: Mapping[tuple[str, str], Looks]) -> list[Row]:
    """A row per classifier and method, classifiers outside."""
    rows = []
    for classifier in dict.fromkeys(name for _, name in looks):
        for (method, name), of_pair in looks.items():
            if name == classifier:
                seen = of_pair.ranks >= 0
                found = summarise(of_pair.ranks[seen], of_pair.confidence[seen])
                rows.append(_row(classifier, method, found, of_pair.ranks.size))
    return rows


def _row(classifier: str, method: str, found: Recognition, expected: int) -> Row:
    none = (math.nan, math.nan)
    return Row(
        classifier=classifier,
        method=method,
        found=found,
        expected=expected,
        top1_interval=wilson_interval(found.top1, found.n) if found.n else none,
        top5_interval=wilson_interval(found.top5, found.n) if found.n else none,
    )


def make_tests(looks: Mapping[tuple[str, str], Looks]) -> list[PairTest]:
    """All pairs of methods under each classifier, over the images that both were scored on (top-1)."""
    tests = []
    for classifier in dict.fromkeys(name for _, name in looks):
        methods = [method for method, name in looks if name == classifier]
        made = []
        for a, b in itertools.combinations(methods, 2):
            first, second = looks[a, classifier].ranks, looks[b, classifier].ranks
            both = (first >= 0) & (second >= 0)
            made.append((a, b, int(both.sum()), mcnemar(first[both] == 0, second[both] == 0)))
        corrected = holm([test.p_value for *_, test in made])
        tests += [
            PairTest(classifier, a, b, n, test.only_a, test.only_b, test.p_value, p_holm)
            for (a, b, n, test), p_holm in zip(made, corrected, strict=True)
        ]
    return tests


def reported(scale: int) -> dict[_Key, list[tuple[str, float]]]:
    """What the papers report at this scale, by (classifier, method, measure): (paper, value)."""
    found: dict[_Key, list[tuple[str, float]]] = {}
    for row in read_table("recognition.csv"):
        if int(row["scale"]) == scale:
            key = (row["classifier"], row["method"], row["measure"])
            found.setdefault(key, []).append((row["paper"], float(row["value"])))
    return found


def markdown(rows: list[Row], scale: int, n: int, said: Mapping[str, str]) -> str:
    """TSRN's form (accuracies, classifiers down, methods across), then EnhanceNet's per classifier.

    `said` are remarks by method: a method of a paper's name need not be the paper's model.
    """
    published = reported(scale)
    methods = _methods(rows)
    by_key = {(row.classifier, row.method): row for row in rows}
    classifiers = list(dict.fromkeys(row.classifier for row in rows))
    heads = [escaped(name) for name in methods]
    lines = [
        f"# Object recognition on x{scale} super-resolved images\n\n",
        f"{n} images; in brackets: reported (E: EnhanceNet, T: TSRN). Baseline: the originals.\n\n",
        markdown_head(["", "Classifier", *heads], left=2),
    ]
    for title, measure in (("Top-1 accuracy", "top1_accuracy"), ("Top-5 accuracy", "top5_accuracy")):
        lines += [
            _row_of(title, name, *(_cell(by_key[name, method], measure, published) for method in methods))
            for name in classifiers
        ]
    for name in classifiers:
        lines += ["\n", markdown_head([escaped(name), *heads])]
        lines += [
            _row_of(title, *(_cell(by_key[name, method], measure, published) for method in methods))
            for title, measure in (
                ("Top-1 error", "top1_error"),
                ("Top-5 error", "top5_error"),
                ("Confidence", "confidence"),
                ("Confidence where right", "confidence_correct"),
            )
        ]
    lines += ["\n", *(f"{escaped(line)}  \n" for line in remarks(rows))]
    lines += [f"- {escaped(line)}.\n" for line in grouped(said)]
    return "".join(lines).rstrip() + "\n"


def remarks(rows: list[Row]) -> list[str]:
    """Which means are over fewer images than there are."""
    return [
        f"* {row.method} under {row.classifier}: {row.found.n} of {row.expected} images, see predictions.csv"
        for row in rows
        if row.found.n < row.expected
    ]


def _methods(rows: list[Row]) -> list[str]:
    """Methods in their order, the baseline last as in the papers."""
    methods = list(dict.fromkeys(row.method for row in rows))
    return [name for name in methods if name != BASELINE] + [BASELINE] * (BASELINE in methods)


def _cell(row: Row, measure: str, published: dict[_Key, list[tuple[str, float]]]) -> str:
    value = row.measures()[measure]
    if math.isnan(value):
        return "–"
    known = published.get((row.classifier, row.method, measure), [])
    beside = ", ".join(f"{paper[0]} {number:.3f}" for paper, number in known)
    star = "*" if row.found.n < row.expected else ""
    return f"{value:.3f}{star}{f' ({beside})' if beside else ''}"


def _row_of(*cells: str) -> str:
    return markdown_row(map(escaped, cells))
