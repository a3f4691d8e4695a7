"""The database of a study: one SQLite file that the server, the commands and the analysis share.

Every answer is a transaction of its own; `(slot, position)` is its key, and it is taken only when it is the
next one of its rater, so nothing comes twice and nothing is left out, whatever a browser sends.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from functools import lru_cache
from pathlib import Path
from typing import Any

from srbench.core.records import UserError
from srbench.studies.people.design import trials_of
from srbench.studies.people.records import (
    Answer,
    Judged,
    OutOfTurn,
    Rater,
    Settings,
    Stimulus,
    Trial,
    checked_value,
)

FORMAT = 1
FILE = "study.sqlite"
_PATIENCE = 30.0
_TOKEN_BYTES = 18

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE stimuli (
    number INTEGER PRIMARY KEY, method TEXT NOT NULL, dataset TEXT NOT NULL, image TEXT NOT NULL,
    scale INTEGER NOT NULL, role TEXT NOT NULL, file TEXT NOT NULL, width INTEGER NOT NULL,
    height INTEGER NOT NULL);
CREATE TABLE raters (
    slot INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, label TEXT NOT NULL DEFAULT '', consented REAL);
CREATE TABLE trials (
    slot INTEGER, position INTEGER, kind TEXT NOT NULL, stimuli TEXT NOT NULL, block INTEGER NOT NULL,
    reference INTEGER, expected TEXT, repeats INTEGER, PRIMARY KEY (slot, position)) WITHOUT ROWID;
CREATE TABLE answers (
    slot INTEGER, position INTEGER, value TEXT NOT NULL, milliseconds INTEGER, screen TEXT NOT NULL,
    received REAL NOT NULL, PRIMARY KEY (slot, position),
    FOREIGN KEY (slot, position) REFERENCES trials (slot, position)) WITHOUT ROWID;
"""


def new_token() -> str:
    """144 random bits for a URL."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


class Study:
    """The study in a folder; use it as a context manager. It waits `patience` seconds for other programs."""

    def __init__(self, folder: Path, *, make: bool = False, patience: float = _PATIENCE) -> None:
        self.folder = folder
        path = folder / FILE
        if not make and not path.is_file():
            raise UserError(f"{folder} holds no study; make one with: srbench study create --out {folder}")
        try:
            self._connection = sqlite3.connect(
                path, timeout=patience, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            # An answer that was accepted outlives a loss of power, not only the end of the process.
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            if not make:
                self._check_format()
        except sqlite3.Error as error:
            raise UserError(f"{path} is no study's database ({error})") from None

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _check_format(self) -> None:
        found = self.meta("format")
        if found != FORMAT:
            raise UserError(f"{self.folder / FILE} has format {found}, this srbench reads format {FORMAT}")
        self.settings = Settings.from_dict(self.meta("settings"))

    def fill(
        self,
        settings: Settings,
        stimuli: Sequence[Stimulus],
        facts: dict[str, Any],
        planned: Mapping[str, Sequence[tuple[Trial, str]]] | None = None,
    ) -> None:
        """Writes a new study: stimuli, raters with their tokens, all their trials.

        `planned` are the trials with their answers by the raters' labels, of a study that took place.
        """
        self.settings = settings
        self._connection.executescript(_SCHEMA)
        with self._transaction() as connection:
            for name, value in {
                "format": FORMAT,
                "settings": settings.as_dict(),
                "admin": new_token(),
                "enrolment": new_token(),
                "study": secrets.token_hex(8),
                **facts,
            }.items():
                connection.execute("INSERT INTO meta VALUES (?, ?)", (name, json.dumps(value)))
            connection.executemany(
                "INSERT INTO stimuli VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", map(astuple, stimuli)
            )
            if planned is not None:
                for slot, (label, answered) in enumerate(planned.items()):
                    self._add_rater(slot, [trial for trial, _ in answered], label)
                    connection.executemany(
                        "INSERT INTO answers VALUES (?, ?, ?, NULL, '', 0)",
                        ((slot, position, value) for position, (_, value) in enumerate(answered)),
                    )
            elif not settings.open_enrolment:
                for slot in range(settings.raters):
                    self._add_rater(slot, trials_of(stimuli, settings, slot))

    def _add_rater(self, slot: int, trials: Iterable[Trial], label: str = "") -> str:
        token = new_token()
        self._connection.execute(
            "INSERT INTO raters (slot, token, label) VALUES (?, ?, ?)", (slot, token, label)
        )
        self._connection.executemany(
            "INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    slot, position, trial.kind, json.dumps(trial.stimuli), trial.block, trial.reference,
                    trial.expected, trial.repeats,
                )
                for position, trial in enumerate(trials)
            ),
        )  # fmt: skip
        return token

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            # A full disk ends the transaction itself, or leaves it open when COMMIT fails.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def meta(self, name: str) -> Any:
        """A fact of the study, None where it has none of that name."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def is_admin(self, token: str) -> bool:
        """Whether this is the admin token, compared in constant time."""
        return _same(token, self.meta("admin"))

    def is_enrolment(self, token: str) -> bool:
        """Whether this is the key of open enrolment, and the study has that."""
        return self.settings.open_enrolment and _same(token, self.meta("enrolment"))

    def enrol(self) -> Rater:
        """A new rater of a study with open enrolment; `UserError` when all places are taken."""
        stimuli = self.stimuli()
        with self._transaction() as connection:
            (slot,) = connection.execute("SELECT count(*) FROM raters").fetchone()
            if slot >= self.settings.raters:
                raise UserError("all places of this study are taken; thank you for your interest")
            token = self._add_rater(slot, trials_of(stimuli, self.settings, slot))
        return Rater(slot, token, "", consented=False)

    def raters(self) -> list[Rater]:
        """All raters."""
        return [
            Rater(slot, token, label, consented is not None)
            for slot, token, label, consented in self._connection.execute(
                "SELECT slot, token, label, consented FROM raters ORDER BY slot"
            )
        ]

    def rater(self, token: str) -> Rater | None:
        """The rater of a token."""
        row = self._connection.execute(
            "SELECT slot, token, label, consented FROM raters WHERE token = ?", (token,)
        ).fetchone()
        return None if row is None else Rater(row[0], row[1], row[2], row[3] is not None)

    def consent(self, slot: int) -> None:
        """Keeps the time of a rater's consent, the first where it is given twice."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE raters SET consented = ? WHERE slot = ? AND consented IS NULL", (time.time(), slot)
            )

    def stimuli(self) -> list[Stimulus]:
        """All stimuli in the order of their numbers."""
        return [Stimulus(*row) for row in self._connection.execute("SELECT * FROM stimuli ORDER BY number")]

    def stimulus(self, number: int) -> Stimulus:
        """The stimulus of a number."""
        row = self._connection.execute("SELECT * FROM stimuli WHERE number = ?", (number,)).fetchone()
        return Stimulus(*row)

    def trial(self, slot: int, position: int) -> Trial | None:
        """A rater's trial at a position, None beyond the last."""
        row = self._connection.execute(
            f"SELECT {_TRIAL} FROM trials WHERE slot = ? AND position = ?", (slot, position)
        ).fetchone()
        return None if row is None else _trial(row)

    def trials(self, slot: int) -> list[Trial]:
        """All trials of a rater in order."""
        rows = self._connection.execute(
            f"SELECT {_TRIAL} FROM trials WHERE slot = ? ORDER BY position", (slot,)
        )
        return [_trial(row) for row in rows]

    def trial_count(self, slot: int) -> int:
        """How many trials a rater has."""
        (count,) = self._connection.execute("SELECT count(*) FROM trials WHERE slot = ?", (slot,)).fetchone()
        return int(count)

    def answered(self, slot: int) -> int:
        """How many trials a rater has answered; the position of the next one."""
        (count,) = self._connection.execute("SELECT count(*) FROM answers WHERE slot = ?", (slot,)).fetchone()
        return int(count)

    def progress(self) -> list[tuple[Rater, int, int]]:
        """Each rater with the number of answers and of trials."""
        answers = dict(self._connection.execute("SELECT slot, count(*) FROM answers GROUP BY slot"))
        trials = dict(self._connection.execute("SELECT slot, count(*) FROM trials GROUP BY slot"))
        return [(rater, answers.get(rater.slot, 0), trials.get(rater.slot, 0)) for rater in self.raters()]

    def put_answer(self, slot: int, position: int, answer: Answer) -> bool:
        """Commits the answer to a rater's next trial. False where the same answer is there already; raises
        `OutOfTurn` for any other trial than the next, `UserError` for a value that the trial cannot have."""
        with self._transaction() as connection:
            current = self.answered(slot)
            if position != current:
                row = connection.execute(
                    "SELECT value FROM answers WHERE slot = ? AND position = ?", (slot, position)
                ).fetchone()
                if row is not None and row[0] == answer.value:
                    return False
                raise OutOfTurn(position, current, None if row is None else row[0])
            trial = self.trial(slot, position)
            if trial is None:
                raise OutOfTurn(position, current, None)
            value = checked_value(self.settings.design, len(trial.stimuli), answer.value)
            if trial.kind == "calibration" and value != trial.expected:
                raise UserError("this is an example: give the answer that it shows")
            connection.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?)",
                (slot, position, value, answer.milliseconds, answer.screen, time.time()),
            )
        return True

    def judged(self) -> list[Judged]:
        """All answers with their trials, by rater and position."""
        rows = self._connection.execute(
            f"SELECT slot, position, {_TRIAL}, value, milliseconds, screen FROM answers "
            "JOIN trials USING (slot, position) ORDER BY slot, position"
        )
        return [Judged(row[0], row[1], _trial(row[2:8]), Answer(*row[8:])) for row in rows]


_TRIAL = "kind, stimuli, block, reference, expected, repeats"


@lru_cache(maxsize=65536)  # raters are asked the same
def _trial(row: tuple[Any, ...]) -> Trial:
    return Trial(row[0], tuple(json.loads(row[1])), *row[2:])


def _same(a: str, b: str) -> bool:
    # Digests, so that not even the length is told by the time that it takes.
    digests = [hashlib.sha256(text.encode()).digest() for text in (a, b)]
    return hmac.compare_digest(*digests)
