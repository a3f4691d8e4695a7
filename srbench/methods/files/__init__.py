"""Model files of users and authors: reading, identifying, loading, blending."""
