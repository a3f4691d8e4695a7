"""Every reader of bytes from outside, under mutations: `make fuzz`."""
