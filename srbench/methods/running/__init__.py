"""Running networks: padding, tiling, memory, batches, cost."""
