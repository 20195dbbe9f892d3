"""Contact sheets: what each class looks like, and what its objects were taken for."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from PIL import Image

from crossmost.progress import track
from crossmost.rendering import contact_sheet
from crossmost.reports.figures import leading
from crossmost.shards import ShardStore

COLUMNS = 10


def sheet_names(class_names: Sequence[str]) -> dict[str, str]:
    """File name (without ending) of each class's sheet: `[a-z0-9_-]` only, distinct."""
    names: dict[str, str] = {}
    for class_name in class_names:
        base = re.sub(r"[^a-z0-9-]+", "_", class_name.lower()).strip("_") or "class"
        name, number = base, 2
        while name in names.values():
            name, number = f"{base}_{number}", number + 1
        names[class_name] = name
    return names


def largest_classes(
    predictions: pd.DataFrame, labels: pd.DataFrame, class_names: Sequence[str], *, method: str = "crossmost", most: int
) -> list[str]:
    """The classes with most objects, by labels or, without any, by joint predictions, in the order of the list."""
    named = labels.drop_duplicates("object_id")["class_name"] if len(labels) else predictions[f"{method}_joint_label"]
    return leading(class_names, named.value_counts().reindex(list(class_names), fill_value=0).to_numpy(), most)


def class_sheets(
    views: ShardStore,
    predictions: pd.DataFrame,
    labels: pd.DataFrame,
    class_names: Sequence[str],
    *,
    method: str = "crossmost",
    most_objects: int,
    seed: int,
) -> dict[str, Image.Image]:
    """One contact sheet per class that has objects, by file name.

    With labels a class shows objects that belong to it, and captions the misclassified ones with what the
    joint prediction took them for; without, it shows what was predicted as the class, with the confidence.

    Args:
        views: the store of rendered views.
        predictions: one row per object.
        labels: true labels; may be empty.
        class_names: in logit order.
        method: whose joint predictions are shown.
        most_objects: per sheet; drawn at random where there are more.
        seed: of that draw.
    """
    table = predictions[["object_id"]].copy()
    table["predicted"] = predictions[f"{method}_joint_label"]
    class_of = labels.drop_duplicates("object_id").set_index("object_id")["class_name"]
    table["truth"] = table["object_id"].map(class_of)
    if table["truth"].notna().any():
        table["shown_as"] = table["truth"]
        wrong = table["truth"] != table["predicted"]
        table["caption"] = table["object_id"].where(~wrong, "taken for " + table["predicted"].astype(str))
    else:
        table["shown_as"] = table["predicted"]
        percent = (100 * predictions[f"{method}_joint_confidence"]).round().astype(int)
        table["caption"] = percent.astype(str) + " %"
    table = table[table["object_id"].isin(views.object_ids())]
    generator = np.random.default_rng(seed)
    sheets = {}
    names = sheet_names(class_names)
    for class_name, file_name in track(names.items(), "drawing contact sheets", len(names), "classes"):
        rows = table[table["shown_as"] == class_name]
        if rows.empty:
            continue
        drawn = np.sort(generator.choice(len(rows), size=min(most_objects, len(rows)), replace=False))
        rows = rows.iloc[drawn]
        captions = dict(zip(rows["object_id"], rows["caption"], strict=True))
        sheets[file_name] = contact_sheet(views, rows["object_id"].tolist(), captions=captions, columns=COLUMNS)
    return sheets
