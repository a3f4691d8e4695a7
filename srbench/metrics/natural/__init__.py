"""Metrics without a reference: NIQE, Ma and the perceptual index."""
