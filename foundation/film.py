"""Films: frames as a GIF or an MP4, and many small pictures as one mosaic."""

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from foundation.errors import InputError

LARGEST_GIF = 2 << 30  # bytes of pictures; encoding needs twice as much memory
WIDEST_GIF, WIDEST_MP4 = 65_535, 16_384  # pixels of a side, limits of the formats
GAP, GAP_COLOUR = 4, 32  # pixels between the tiles of a mosaic, and their grey
FONT = 14  # pixels, of captions


def mosaic(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Arrange pictures uint8 (N, H, W, 3) in rows of ``columns``: one uint8 picture; empty places are grey."""
    number, height, width, _ = pictures.shape
    rows = -(-number // columns)
    sheet = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), GAP_COLOUR, np.uint8)
    for place, picture in enumerate(pictures):
        top, left = (GAP + (height + GAP) * (place // columns), GAP + (width + GAP) * (place % columns))
        sheet[top : top + height, left : left + width] = picture
    return sheet


def caption(picture: np.ndarray, lines: Sequence[str]) -> np.ndarray:
    """Put lines of white text over a picture uint8 (H, W, 3), which becomes taller."""
    strip = Image.new("RGB", (picture.shape[1], (FONT + GAP) * len(lines) + GAP), (GAP_COLOUR,) * 3)
    for number, line in enumerate(lines):
        place = (GAP, GAP // 2 + number * (FONT + GAP))
        ImageDraw.Draw(strip).text(place, line, fill="white", font=ImageFont.load_default(FONT))
    return np.concatenate((np.asarray(strip), picture))


def gif(frames: Iterable[np.ndarray], fps: float) -> bytes:
    """Encode frames uint8 (H, W, 3) as an endless GIF. All of them are in memory, because they share one palette.

    Raises:
        InputError: there are too many, or they are too large.
    """
    packed: list[np.ndarray] = []
    latest, size = None, 0
    for frame in frames:  # a repeated frame is packed once
        if frame is not latest:
            _check_sides(frame, WIDEST_GIF)
            size += frame.nbytes
            if size > LARGEST_GIF:
                raise InputError(
                    f"a GIF holds at most {LARGEST_GIF >> 20:,} MiB of pictures; an .mp4 has no such limit"
                )
        packed.append(packed[-1] if frame is latest else frame @ np.array([1 << 16, 1 << 8, 1], np.uint32))
        latest = frame
    distinct = {id(frame): frame for frame in packed}
    present = np.unique(np.concatenate([np.unique(frame) for frame in distinct.values()]))
    kept, colours = np.uint32(0xFFFFFF), present
    for coarser in range(8):  # a GIF has 256 colours; if there are more, their lowest bits are dropped
        kept = np.uint32(0x010101 * (0xFF >> coarser << coarser))
        colours = np.unique(present & kept)
        if len(colours) <= 256:
            break
    palette = np.stack((colours >> 16, colours >> 8 & 255, colours & 255), axis=-1).astype(np.uint8).tobytes()
    encoded = {}
    for key, frame in distinct.items():
        encoded[key] = Image.fromarray(np.searchsorted(colours, frame & kept).astype(np.uint8))
        encoded[key].putpalette(palette)
    images = [encoded[id(frame)] for frame in packed]
    first, *rest = images
    # A GIF counts in hundredths of a second. Each frame begins in the nearest one, so that errors do not add up.
    begins = np.rint(np.arange(len(images) + 1) * 100 / fps).astype(int)
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=rest, duration=(10 * np.diff(begins)).tolist(), loop=0)
    return file.getvalue()


def mp4(frames: Iterable[np.ndarray], fps: float) -> bytes:
    """Encode frames uint8 (H, W, 3) as an MP4 that browsers and slides play (H.264).

    H.264 needs even sides, so an odd side repeats its last row or column.

    Raises:
        InputError: the frames are too large.
    """
    import av  # slow to import, and only MP4s need it

    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options={"fflags": "bitexact"}) as container:  # no date in the file
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000), options={"crf": "16"})
        stream.pix_fmt = "yuv420p"
        for number, frame in enumerate(frames):
            even = np.pad(frame, [(0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)], "edge")
            if number == 0:
                _check_sides(even, WIDEST_MP4)
                stream.height, stream.width = even.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


def _check_sides(frame: np.ndarray, most: int) -> None:
    height, width = frame.shape[:2]
    if max(height, width) > most:
        raise InputError(f"such a video is at most {most:,} pixels wide and high, not {width:,}×{height:,}")
