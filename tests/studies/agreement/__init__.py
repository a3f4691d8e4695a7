"""Tests of `srbench agreement`."""
