"""What tests read off figures."""

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from analysis.figures import encode_png


def size(figure: Figure) -> tuple[int, int]:
    image = Image.open(io.BytesIO(encode_png(figure, dpi=40)))
    assert image.format == "PNG" and len(image.convert("RGB").getcolors(2**20) or []) > 10, "an empty picture"
    return image.size


def shown_in(axes: Axes) -> np.ndarray:
    """The numbers behind a heat map, NaN where it is empty."""
    (image,) = axes.images
    return np.ma.filled(image.get_array(), np.nan)
