"""What every worker needs: imported once, by the process from which workers are forked."""

import numpy as np

import srbench.runs.work  # noqa: F401 - for those who are forked
from srbench.images.png import encode_png

# Numba takes a third of a second to be ready for its first call.
encode_png(np.zeros((1, 1), np.uint8))
