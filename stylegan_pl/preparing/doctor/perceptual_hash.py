"""A hash of 64 bits that hardly changes if a picture is resized, compressed again, brightened or trimmed.

The hash is pHash (Zauner, 2010) as the `imagehash` package computes it, bit for bit; here for a stack of pictures at
once, and without that package, which would bring wavelets along for these few lines.

Shapes: N pictures, S = 32 pixels.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Thumbnails = NDArray[np.uint8]  # (N, S, S), grey
Hashes = NDArray[np.uint64]  # (N,)

SIDE = 32  # pixels of a thumbnail, pHash's own
FLAT = 2.0  # grey levels, standard deviation of a thumbnail; below it the hash is only noise
_LOW = 8  # lowest frequencies kept in each direction


def thumbnail(image: Image.Image) -> Thumbnails:
    """RGB picture -> its grey thumbnail (S, S), without the aspect ratio, so that all thumbnails compare directly."""
    return np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def is_flat(thumbnails: Thumbnails) -> NDArray[np.bool_]:
    """(N,), whether a picture has nearly one colour: any two of these look alike without being copies."""
    return np.asarray(thumbnails.std(axis=(1, 2)) < FLAT)


def perceptual_hashes(thumbnails: Thumbnails) -> Hashes:
    """Bit k is whether the k-th of the 8 × 8 lowest cosine coefficients is above their median."""
    from scipy.fft import dctn

    coefficients = dctn(thumbnails.astype(np.float64), axes=(1, 2))[:, :_LOW, :_LOW].reshape(-1, _LOW * _LOW)
    bits = coefficients > np.median(coefficients, axis=1, keepdims=True)  # (N, 64)
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64)[:, 0]
