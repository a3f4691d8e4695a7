"""What every room may use and what uses none of them: records, registries, weights, files, text."""
