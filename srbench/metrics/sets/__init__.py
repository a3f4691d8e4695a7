"""Metrics of whole sets of images: FID and KID."""
