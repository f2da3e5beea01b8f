"""Moving pictures: many small pictures side by side, and frames as a GIF."""

import io
from collections.abc import Iterable

import numpy as np
from PIL import Image

GAP, GAP_COLOUR = 4, 32  # pixels between the tiles of a mosaic, and their grey


def mosaic(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Lay pictures uint8 (N, H, W, 3) out in rows of ``columns``: one uint8 picture, empty places grey."""
    number, height, width, _ = pictures.shape
    rows = -(-number // columns)
    sheet = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), GAP_COLOUR, np.uint8)
    for place, picture in enumerate(pictures):
        top, left = (GAP + (height + GAP) * (place // columns), GAP + (width + GAP) * (place % columns))
        sheet[top : top + height, left : left + width] = picture
    return sheet


def gif(frames: Iterable[np.ndarray], fps: float) -> bytes:
    """Encode frames uint8 (H, W, 3) as an endless GIF."""
    # Few colours occur in any maze: one palette of them all keeps them exact, and steady from frame to frame.
    frames = list(frames)
    packed = np.unique(np.concatenate([np.unique(frame @ np.array([1 << 16, 1 << 8, 1])) for frame in frames]))
    colours = np.stack((packed >> 16, packed >> 8 & 255, packed & 255), axis=-1).astype(np.uint8)
    palette = Image.fromarray(colours[None]).quantize(256, dither=Image.Dither.NONE)
    first, *rest = (Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=rest, duration=round(1000 / fps), loop=0)
    return file.getvalue()
