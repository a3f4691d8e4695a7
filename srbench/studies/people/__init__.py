"""Studies with people: opinion scores (mos), preferences (2afc) and rankings of super-resolved images.

`create` makes a study folder from a run, `server` or `pack` show it to raters, `analysis` reads the answers.
"""
