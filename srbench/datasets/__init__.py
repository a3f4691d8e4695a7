"""Data sets: their catalogue, and how folders become pairs."""
