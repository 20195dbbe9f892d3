"""Contact sheets, one image per class, in a form that Kedro-Viz can show."""

from __future__ import annotations

import base64
import io

from kedro_datasets._typing import ImagePreview
from kedro_datasets.partitions import PartitionedDataset
from PIL import Image

MOST_SHEETS = 6
GAP = 8  # pixels


class ContactSheetsDataset(PartitionedDataset):
    """A folder of sheets."""

    def preview(self) -> ImagePreview:
        """The first sheets below each other, as a base64 PNG."""
        sheets = [load() for _, load in sorted(self.load().items())[:MOST_SHEETS]]
        width = max(sheet.width for sheet in sheets)
        page = Image.new("RGB", (width, sum(sheet.height + GAP for sheet in sheets)), "white")
        top = 0
        for sheet in sheets:
            page.paste(sheet, (0, top))
            top += sheet.height + GAP
        buffer = io.BytesIO()
        page.save(buffer, "PNG", optimize=True)
        return ImagePreview(base64.b64encode(buffer.getvalue()).decode("ascii"))
