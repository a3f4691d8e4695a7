"""What a metric sees and what it ignores: its answers to graded distortions of references."""
