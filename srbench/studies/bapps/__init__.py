"""BAPPS: how well metrics agree with people's judgements of patches (2AFC and JND)."""
