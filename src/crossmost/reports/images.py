"""Pictures and point clouds as text that fits into an HTML page."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image, UnidentifiedImageError

from crossmost.errors import CrossmostError
from crossmost.shards import decode_array

VIEW_SIDE = 128
"""Largest side of a view in the gallery, in pixels."""
THUMBNAIL_SIDE = 72
"""The same of a picture shown beside a dot of the map."""
SHEET_WIDTH = 1200
"""Largest width of a contact sheet in the report, in pixels."""


def png_to_uri(content: bytes, name: str, *, side: int = VIEW_SIDE) -> str:
    """A stored view as a small WebP data URI.

    Args:
        content: the bytes of an image file.
        name: where it is from, for the error.
        side: largest side in pixels.

    Raises:
        CrossmostError: the bytes are not an image.
    """
    try:
        image = Image.open(io.BytesIO(content)).convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise CrossmostError(
            f"View '{name}' of the views store is not a readable image: run `kedro run --pipelines=rendering` again."
        ) from error
    image.thumbnail((side, side))
    return _webp_uri(image, quality=88 if side > THUMBNAIL_SIDE else 70)


def picture_to_uri(picture: Image.Image, *, side: int = VIEW_SIDE) -> str:
    """A picture as a small WebP data URI; changes its size in place."""
    picture.thumbnail((side, side))
    return _webp_uri(picture, quality=88)


def sheet_to_uri(sheet: Image.Image) -> str:
    """A contact sheet as a WebP data URI, at most `SHEET_WIDTH` wide."""
    image = sheet.convert("RGB")
    image.thumbnail((SHEET_WIDTH, 16 * SHEET_WIDTH))
    return _webp_uri(image, quality=78)


def cloud_text(content: bytes, most_points: int) -> str:
    """A stored cloud as base64 text of little-endian int16 x, y, z triples, centered, the farthest coordinate 32767.

    Args:
        content: a `.npy` file of an (N, 3) or wider float array; columns past the third are not shown.
        most_points: points kept, evenly spread over the stored order.
    """
    points = decode_array(content)[:, :3].astype(np.float64)  # (N, 3)
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) > most_points:
        points = points[np.linspace(0, len(points) - 1, most_points).round().astype(np.int64)]
    if not len(points):
        return ""
    points = points - (points.min(axis=0) + points.max(axis=0)) / 2
    scale = np.abs(points).max() or 1.0
    quantized = np.round(points / scale * 32767).astype("<i2")
    return base64.b64encode(quantized.tobytes()).decode("ascii")


def _webp_uri(image: Image.Image, *, quality: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
