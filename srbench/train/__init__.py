"""Training: each paper's recipe, losses as pure functions, one flat loop; only `srbench train` imports it."""
