"""Methods: what turns a low-resolution image into one `scale` times larger."""
