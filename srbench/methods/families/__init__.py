"""One file a network family, without torch: interface, published names, renaming rules."""
