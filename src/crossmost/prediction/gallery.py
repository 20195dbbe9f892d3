"""A page of new objects with their predictions that opens offline."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from crossmost import __version__
from crossmost.reports.images import picture_to_uri, png_to_uri
from crossmost.reports.names import method_name
from crossmost.shards import ShardStore
from crossmost.sources.picture_files import PictureFiles
from crossmost.sources.pictures import read_picture

SHOWN_VIEWS = 3  # pictures of an object, evenly spread over its views


def render_gallery(
    predictions: pd.DataFrame, views: ShardStore, quarantine: pd.DataFrame, *, method: str, most_objects: int
) -> str:
    """The page as text, with every picture inside.

    Args:
        predictions: as `predict` makes it.
        views: where the pictures are.
        quarantine: objects that could not be used: object_id, file, stage, reason.
        method: whose predictions these are; the joint one may be another's, as the table says.
        most_objects: objects shown; of more, an even spread over the confidences.
    """
    shown = _spread(predictions, most_objects)
    wanted = set(shown["object_id"])
    pictures = {sample.key: _views(sample.members, sample.key) for sample in views if sample.key in wanted}
    return _page(
        [_card(row, pictures[row["object_id"]]) for row in shown.to_dict("records")],
        predictions["joint_label"],
        quarantine,
        method,
        joint_method=predictions["joint_method"].iloc[0] if len(predictions) else method,
        agreement=float(predictions["agreement"].mean()) if len(predictions) else 0.0,
    )


def render_picture_gallery(
    predictions: pd.DataFrame, pictures: PictureFiles, quarantine: pd.DataFrame, *, method: str, most_objects: int
) -> str:
    """The same of pictures, as `predict_pictures` classified them; the files are read once more."""
    shown = _spread(predictions, most_objects)
    files = pictures.by_object(set(quarantine["file"]))
    cards = []
    for row in shown.to_dict("records"):
        uris = [picture_to_uri(read_picture(path)) for path in _few(files[row["object"]])]
        best = list(zip(row["top5"], row["top5_confidence"], strict=True))
        cards.append(_plain_card(row["object"], uris, row["label"], row["confidence"], best))
    listed = quarantine.assign(stage="reading the picture")
    return _page(cards, predictions["label"], listed, method, joint_method=method, agreement=None)


def _page(
    cards: list[dict[str, Any]],
    labels: pd.Series,
    quarantine: pd.DataFrame,
    method: str,
    *,
    joint_method: str,
    agreement: float | None,
) -> str:
    environment = Environment(
        loader=PackageLoader("crossmost.prediction"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("gallery.html.jinja").render(
        cards=cards,
        total=len(labels),
        counts=Counter(labels).most_common(),
        agreement=agreement,
        quarantine=quarantine.to_dict("records"),
        method=method_name(method),
        joint_method=method_name(joint_method),
        version=__version__,
    )


def _spread(predictions: pd.DataFrame, most_objects: int) -> pd.DataFrame:
    return predictions.iloc[:: max(1, -(-len(predictions) // most_objects))]


def _few(items: list[Any]) -> list[Any]:
    return [items[number * len(items) // SHOWN_VIEWS] for number in range(min(SHOWN_VIEWS, len(items)))]


def _views(members: Any, key: str) -> list[str]:
    names = _few(sorted(name for name in members if name.startswith("view") and name.endswith(".png")))
    return [png_to_uri(members[name], f"{key}.{name}") for name in names]


def _card(row: dict[Any, Any], pictures: list[str]) -> dict[str, Any]:
    best = list(zip(row["joint_top5"], row["joint_top5_confidence"], strict=True))
    card = _plain_card(row["file"] or row["object_id"], pictures, row["joint_label"], row["joint_confidence"], best)
    return card | {
        "agreement": bool(row["agreement"]),
        "image": (row["image_label"], float(row["image_confidence"])),
        "point": (row["point_label"], float(row["point_confidence"])),
    }


def _plain_card(name: str, pictures: list[str], label: str, confidence: float, best: list[Any]) -> dict[str, Any]:
    return {"name": name, "pictures": pictures, "label": label, "confidence": float(confidence), "best": best}
