"""Object recognition on super-resolved images, the benchmark of EnhanceNet and TSRN."""
