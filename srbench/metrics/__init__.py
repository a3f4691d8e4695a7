"""Metrics: plain functions first, their registry entries in `catalogue`."""
