"""A run: choosing what to do, doing it image by image, storing and reading it again."""
