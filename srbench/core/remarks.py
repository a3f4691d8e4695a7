"""Remarks to the user outside of commands: one line on standard error."""

from __future__ import annotations


def remark(text: str) -> None:
    """Prints `text` as it is."""
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)
