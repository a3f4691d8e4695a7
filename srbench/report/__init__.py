"""The report: a static page of a run, and its figures for papers."""
