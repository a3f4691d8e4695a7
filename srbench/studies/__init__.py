"""What goes beyond one leaderboard: BAPPS, recognition, the papers' own tables."""
