"""Statistics of comparisons, as functions of arrays: paired tests, intervals, ranks."""
