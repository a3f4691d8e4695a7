"""A paper and its tables, as records: what its rows and columns mean here."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PaperTable:
    """A table of a paper.

    - `protocol` measures it, empty where no output of a method is; `metrics` and `methods` map the names of
      `reported.csv` to the registered ones where they differ.
    - `outputs` maps rows on single data sets, (method, data set), to outputs that the authors published.
    - `elsewhere` tells, for names of metrics up to a colon ("*" for all), why images alone cannot give
      them and which command does.
    """

    key: str
    title: str
    protocol: str
    metrics: dict[str, str] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    outputs: dict[tuple[str, str], str] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)

    def method_of(self, row: str, dataset: str) -> str:
        """The registered method of a row on a data set."""
        return self.outputs.get((row, dataset), self.methods.get(row, row))

    def reason(self, metric: str) -> str | None:
        """Why a metric of this table does not come from a run, None where it does."""
        return self.elsewhere.get("*") or self.elsewhere.get(metric.partition(":")[0])


@dataclass(frozen=True)
class OwnExperiment:
    """Something that a paper shows in figures only: what it says of it, and the command that repeats it."""

    key: str
    title: str
    says: str
    command: str


@dataclass(frozen=True)
class Paper:
    """A paper and its tables, in the order in which it prints them, and what it shows without a table."""

    name: str
    title: str
    citation: str
    tables: tuple[PaperTable, ...]
    experiments: tuple[OwnExperiment, ...] = ()

    def table(self, key: str) -> PaperTable:
        """The table of this key."""
        return next(table for table in self.tables if table.key == key)
