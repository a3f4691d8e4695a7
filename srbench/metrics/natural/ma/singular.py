"""Ma's third feature group: singular values of image patches (25 numbers per scale).

Source: Ma et al., CVIU 158, 2017, section 3.3, and the authors' `feature_all.m`: the singular values of
`im2col(image, [5 5], 'distinct')`, which fills up the last patches with zeros.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

PATCH = 5

# Below this ratio of eigenvalues, the square root of an eigenvalue has lost half of its digits.
_TRUSTED = 1e-9


def singular_values(image: FloatArray) -> FloatArray:
    """The 25 singular values, largest first, of the 5 x 5 patches of `image` (H x W, 0 to 1) as columns."""
    height, width = image.shape
    rows, columns = -(-height // PATCH), -(-width // PATCH)
    padded = np.zeros((rows * PATCH, columns * PATCH))
    padded[:height, :width] = image
    blocks = padded.reshape(rows, PATCH, columns, PATCH).transpose(1, 3, 0, 2)
    patches = blocks.reshape(PATCH * PATCH, rows * columns)
    eigenvalues = np.linalg.eigvalsh(patches @ patches.T)[::-1]
    if eigenvalues[-1] > _TRUSTED * eigenvalues[0]:
        return np.sqrt(eigenvalues)
    values = np.linalg.svd(patches, compute_uv=False)
    return np.pad(values, (0, PATCH * PATCH - values.size))
