"""Faults done to runs on purpose: `python -m tests.faults` repeats the table of docs/reliability.md."""
