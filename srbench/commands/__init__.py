"""Thin commands: they read options, call one function and print what it returned."""
