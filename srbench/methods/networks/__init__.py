"""The networks of the papers and of their baselines, one file per family; torch is imported here only."""
