"""Readers of published checkpoints. None of them runs code that a file brings along."""
