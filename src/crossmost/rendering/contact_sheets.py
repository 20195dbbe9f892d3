"""Grids of small pictures with captions, to look at many objects at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from crossmost.errors import MissingInputError
from crossmost.rendering.views import decode_views
from crossmost.shards import ShardStore

MARGIN = 4  # pixels around each object
CAPTION_SIZE = 11  # pixels
BACKGROUND, INK = "#f2f2f2", "#333333"


def contact_sheet(
    views: ShardStore,
    object_ids: Sequence[str],
    *,
    captions: Mapping[str, str] | None = None,
    view_indices: Sequence[int] = (1,),
    columns: int = 8,
) -> Image.Image:
    """Pictures of some objects, side by side with captions.

    Args:
        views: the rendered store.
        object_ids: which objects, in the order of the sheet.
        captions: text under each object; its id where there is none.
        view_indices: which views of each object, side by side; counted modulo the number of stored views.
        columns: objects in a row.

    Returns:
        RGB image.

    Raises:
        MissingInputError: an object is not in the store.
        ValueError: no object, no view or no column asked for.
    """
    if not object_ids or not view_indices or columns < 1:
        raise ValueError("a contact sheet needs at least one object, one view and one column")
    stored = {reference.key: reference for shard in views.references().values() for reference in shard}
    absent = [object_id for object_id in object_ids if object_id not in stored]
    if absent:
        raise MissingInputError(f"{absent[0]!r} is not in {views.root} ({len(absent)} of {len(object_ids)} missing)")
    pictures = {}
    for object_id in object_ids:
        object_views = decode_views(stored[object_id].load())
        pictures[object_id] = [object_views[index % len(object_views)] for index in view_indices]
    return arrange_sheet([(dict(captions or {}).get(key, key), pictures[key]) for key in object_ids], columns)


def arrange_sheet(entries: Sequence[tuple[str, Sequence[np.ndarray]]], columns: int) -> Image.Image:
    """Lay out (caption, pictures) in a grid; every picture has the size of the first, (H, W, 3) uint8."""
    height, width = entries[0][1][0].shape[:2]
    columns = min(columns, len(entries))
    cell_width = len(entries[0][1]) * width + 2 * MARGIN
    cell_height = height + CAPTION_SIZE + 3 * MARGIN
    rows = -(-len(entries) // columns)
    sheet = Image.new("RGB", (columns * cell_width, rows * cell_height), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(CAPTION_SIZE)
    for number, (caption, pictures) in enumerate(entries):
        left, top = number % columns * cell_width + MARGIN, number // columns * cell_height + MARGIN
        for index, picture in enumerate(pictures):
            sheet.paste(Image.fromarray(picture), (left + index * width, top))
        text = _shorten(caption, draw, font, cell_width - 2 * MARGIN)
        draw.text((left, top + height + 2), text, fill=INK, font=font)
    return sheet


def _shorten(
    text: str, draw: ImageDraw.ImageDraw, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int
) -> str:
    """As much of the text as fits into `width` pixels."""
    if draw.textlength(text, font=font) <= width:
        return text
    while text and draw.textlength(text + "…", font=font) > width:
        text = text[:-1]
    return text + "…"
