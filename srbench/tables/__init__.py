"""From scores to tables as text; nothing here reads a run."""
