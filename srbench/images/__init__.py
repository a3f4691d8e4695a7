"""8-bit images: reading, writing, luma, resampling and the names of their files."""
