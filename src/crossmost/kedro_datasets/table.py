"""Tables with lists in their cells (probabilities, best classes), in a form that Kedro-Viz can show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from kedro_datasets._typing import TablePreview
from kedro_datasets.pandas import ParquetDataset

MOST_ITEMS = 5


class TableDataset(ParquetDataset):
    """A Parquet table whose preview writes lists as short text."""

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first rows; numbers are rounded, long lists cut."""
        rows = self.load().head(nrows)
        shown = {str(name): [cell_text(value) for value in column] for name, column in rows.items()}
        return TablePreview(pd.DataFrame(shown, index=rows.index).astype(object).to_dict(orient="split"))


def cell_text(value: Any) -> Any:
    """A cell as JSON can hold it."""
    if isinstance(value, (list, tuple, np.ndarray)):
        items = [str(cell_text(item)) for item in list(value)[:MOST_ITEMS]]
        return ", ".join([*items, "…"] if len(value) > MOST_ITEMS else items)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, 4) if np.isfinite(value) else ""
    return "" if value is None or value is pd.NA else value
