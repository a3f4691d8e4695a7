"""Text from outside reaches terminals, pages and tables without control characters."""

from __future__ import annotations

import pytest

from srbench.core.records import Unscorable, UserError
from srbench.core.text import plain, plain_values, size_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("baby", "baby"),
        ("naïve 名 – β\u00a0x", "naïve 名 – β\u00a0x"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\x9bc\x7f", "a\\nb\\x9bc\\x7f"),
        ("gnp.\u202eevil", "gnp.\\u202eevil"),
        ("caf\udce9", "caf\\udce9"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected
    assert plain(expected) == expected


def test_values_within_values() -> None:
    assert plain_values({"\x1b": ["\x07", 1.5, None, {"a": "\x00"}]}) == {
        "\\x1b": ["\\x07", 1.5, None, {"a": "\\x00"}]
    }


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 bytes"), (999, "999 bytes"), (8248, "8.2 kB"), (99_999, "100.0 kB"), (4_958_721, "5.0 MB")],
)
def test_sizes(count: int, expected: str) -> None:
    assert size_text(count) == expected


@pytest.mark.parametrize("error", [UserError, Unscorable])
def test_errors_are_plain(error: type[Exception]) -> None:
    assert str(error("no  \x1b[1mfile\n here")) == "no \\x1b[1mfile here"
