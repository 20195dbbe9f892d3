"""A page of new objects with their predictions that opens offline."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from crossmost import __version__
from crossmost.reports.images import png_to_uri
from crossmost.shards import ShardStore

SHOWN_VIEWS = 3  # pictures of an object, evenly spread over its views


def render_gallery(predictions: pd.DataFrame, views: ShardStore, quarantine: pd.DataFrame, *, most_objects: int) -> str:
    """The page as text, with every picture inside.

    Args:
        predictions: as `predict` makes it.
        views: where the pictures are.
        quarantine: objects that could not be used: object_id, file, stage, reason.
        most_objects: objects shown; of more, an even spread over the confidences.
    """
    step = max(1, -(-len(predictions) // most_objects))
    shown = predictions.iloc[::step]
    wanted = set(shown["object_id"])
    pictures = {sample.key: _pictures(sample.members, sample.key) for sample in views if sample.key in wanted}
    environment = Environment(
        loader=PackageLoader("crossmost.prediction"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("gallery.html.jinja").render(
        cards=[_card(row, pictures[row["object_id"]]) for row in shown.to_dict("records")],
        total=len(predictions),
        counts=Counter(predictions["joint_label"]).most_common(),
        agreement=float(predictions["agreement"].mean()) if len(predictions) else 0.0,
        quarantine=quarantine.to_dict("records"),
        version=__version__,
    )


def _pictures(members: Any, key: str) -> list[str]:
    names = sorted(name for name in members if name.startswith("view") and name.endswith(".png"))
    chosen = [names[number * len(names) // SHOWN_VIEWS] for number in range(min(SHOWN_VIEWS, len(names)))]
    return [png_to_uri(members[name], f"{key}.{name}") for name in chosen]


def _card(row: dict[Any, Any], pictures: list[str]) -> dict[str, Any]:
    return {
        "name": row["file"] or row["object_id"],
        "pictures": pictures,
        "label": row["joint_label"],
        "confidence": float(row["joint_confidence"]),
        "agreement": bool(row["agreement"]),
        "best": list(zip(row["joint_top5"], row["joint_top5_confidence"], strict=True)),
        "image": (row["image_label"], float(row["image_confidence"])),
        "point": (row["point_label"], float(row["point_confidence"])),
    }
