"""Which metric follows people: correlations of metrics with opinions, of own studies and public ones."""
