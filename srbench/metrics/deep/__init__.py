"""Metrics on features of classification networks: LPIPS and Gram distances."""
