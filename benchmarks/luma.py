"""What the luma conversions cost: milliseconds of processor time per megapixel, on one core.

    python benchmarks/luma.py [--repeats 7]

Processor time, because other work on the machine does not change it. The image is noise, the dearest case for
daala's conversion (every block has another colour).
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import get_args

import numpy as np

from srbench.images.pixels import LumaKind, luma


def main() -> None:
    """Prints the median of each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    image = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3)).astype(np.uint8)
    for kind in get_args(LumaKind):
        luma(image, kind, gray="replicate")  # compiles
        times = []
        for _ in range(repeats):
            start = time.process_time()
            luma(image, kind, gray="replicate")
            times.append(1e3 * (time.process_time() - start))
        print(f"{kind:16s} {statistics.median(times):7.1f} ms per megapixel")


if __name__ == "__main__":
    main()
