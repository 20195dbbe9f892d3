"""Pictures that come with objects: cut to a square, on white, small enough to store many of them."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageOps

from crossmost.errors import UnreadableObjectError

MAX_PICTURE_SIDE = 320
"""Pixels; larger pictures are shrunk before they are stored: image towers see 96 to 336."""
JPEG_QUALITY = 95
MARGIN_SHARE = 0.1
"""Of the longer side of an object, left around it when a photograph is cut to it."""

Box = tuple[float, float, float, float]
"""Left, upper, right, lower in pixels."""


def read_picture(path: Path, box: Box | None = None) -> Image.Image:
    """A picture file as a square RGB image, upright as the camera noted; transparent pixels become white.

    Args:
        path: Any format that Pillow reads.
        box: Where the object is; the square is cut around it. None takes the largest square in the middle.

    Raises:
        UnreadableObjectError: if the file is absent or no picture.
    """
    try:
        return decode_picture(path.read_bytes(), path.name, box)
    except OSError as error:
        raise UnreadableObjectError(f"the picture {path.name} cannot be read: {error.strerror}") from error


def decode_picture(content: bytes, name: str, box: Box | None = None) -> Image.Image:
    """The same from the bytes of a picture file.

    Raises:
        UnreadableObjectError: if they are no picture; calls it by `name`.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            # A box was measured on the pixels as they are stored; without one, cameras say which way they were held.
            return square_picture(ImageOps.exif_transpose(image) if box is None else image, box)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableObjectError(f"the picture {name} cannot be read: {error}") from error


def square_picture(image: Image.Image, box: Box | None = None) -> Image.Image:
    """The square of a picture that shows the object, RGB, at most `MAX_PICTURE_SIDE` pixels wide."""
    opaque = _on_white(image)
    left, upper, right, lower = _square(opaque.size, box)
    side = min(MAX_PICTURE_SIDE, max(1, round(right - left)))
    return opaque.resize((side, side), Image.Resampling.BICUBIC, box=(left, upper, right, lower), reducing_gap=3.0)


def encode_picture(image: Image.Image) -> bytes:
    """A square picture as JPEG bytes, the same for the same pixels."""
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _square(size: tuple[int, int], box: Box | None) -> Box:
    """The square around a box with a margin, as large as the picture allows and inside it."""
    width, height = size
    if box is None:
        box = (0.0, 0.0, float(width), float(height))
        side = float(min(width, height))
    else:
        side = min(max(box[2] - box[0], box[3] - box[1], 1.0) * (1 + 2 * MARGIN_SHARE), float(min(width, height)))
    left = min(max((box[0] + box[2] - side) / 2, 0.0), width - side)
    upper = min(max((box[1] + box[3] - side) / 2, 0.0), height - side)
    return left, upper, left + side, upper + side
