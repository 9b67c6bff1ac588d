"""The palette changes a picture's colours and leaves its order of light and dark."""

import numpy as np

from stylegan_pl.data.sources.palette import VAN_GOGH, map_to_palette


def test_the_palette_mapping_never_turns_lighter_into_darker() -> None:
    greys = np.zeros((1, 101, 3), np.float32)
    greys[0, :, 0] = np.arange(101)
    mapped = map_to_palette(greys, VAN_GOGH)[0, :, 0]
    assert np.diff(mapped).min() > -1.0
    assert mapped[-1] - mapped[0] > 70
