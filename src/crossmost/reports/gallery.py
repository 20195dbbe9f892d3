"""Objects to look at: which ones, with their views, their cloud and what was predicted before and after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from crossmost.evaluation.scores import COMBINED_VIEWS
from crossmost.reports.images import cloud_text, png_to_uri

VIEW_SUFFIX = ".png"
CLOUD_MEMBER = "points.npy"


class StoredObject(Protocol):
    """One object of a shard store."""

    @property
    def key(self) -> str: ...

    @property
    def members(self) -> Any: ...


@dataclass(frozen=True)
class Choice:
    """Objects of one kind, drawn at random."""

    title: str
    explanation: str
    n_total: int
    object_ids: list[str]


@dataclass(frozen=True)
class Verdict:
    """What one modality said about an object before and after; `*_right` is None without a label."""

    view: str
    before: str
    before_confidence: float
    before_right: bool | None
    after: str
    after_confidence: float
    after_right: bool | None


@dataclass(frozen=True)
class Exhibit:
    """One object of the gallery: `views` are image data URIs, `cloud` is what `cloud_text` gives (may be empty)."""

    object_id: str
    split: str
    class_name: str | None
    views: list[str]
    cloud: str
    verdicts: list[Verdict]


@dataclass(frozen=True)
class Media:
    """Pictures and clouds read from the stores, by object id, and the number of views of every stored object."""

    views: dict[str, list[str]]
    clouds: dict[str, str]
    view_counts: dict[str, int]


def choose_objects(
    predictions: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    before: str = "zeroshot",
    after: str = "crossmost",
    per_group: int,
    seed: int,
) -> list[Choice]:
    """Draw objects that were fixed, broken and still wrong; without labels, changed, disputed and agreed ones."""
    truth = _truth(predictions, labels)
    old, new = predictions[f"{before}_joint_label"], predictions[f"{after}_joint_label"]
    if truth.notna().any():
        known = truth.notna()
        was_right, is_right = (old == truth) & known, (new == truth) & known
        groups = [
            ("Fixed", "Wrong before, right after.", ~was_right & is_right & known),
            ("Broken", "Right before, wrong after.", was_right & ~is_right & known),
            ("Still wrong", "Wrong before and after.", ~was_right & ~is_right & known),
        ]
    else:
        disputed = predictions[f"{after}_image_label"] != predictions[f"{after}_point_label"]
        groups = [
            ("Changed", "The joint label is another one after self-training.", old != new),
            ("Disputed", "Images and points disagree after self-training.", (old == new) & disputed),
            ("Settled", "Same joint label as before; images and points agree on it.", (old == new) & ~disputed),
        ]
    generator = np.random.default_rng(seed)
    choices = []
    for title, explanation, mask in groups:
        ids = predictions.loc[mask, "object_id"].tolist()
        drawn = sorted(generator.choice(len(ids), size=min(per_group, len(ids)), replace=False).tolist())
        choices.append(Choice(title, explanation, len(ids), [ids[index] for index in drawn]))
    return choices


def read_media(
    views: Iterable[StoredObject],
    clouds: Iterable[StoredObject],
    object_ids: Iterable[str],
    *,
    views_per_object: int,
    most_points: int,
) -> Media:
    """Read pictures and clouds of some objects, and count the views of all, in one pass over each store."""
    wanted = set(object_ids)
    pictures: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for sample in views:
        names = sorted(name for name in sample.members if name.endswith(VIEW_SUFFIX))
        counts[sample.key] = len(names)
        if sample.key in wanted:
            pictures[sample.key] = [
                png_to_uri(sample.members[name], f"{sample.key}.{name}") for name in _spread(names, views_per_object)
            ]
    points = {
        sample.key: cloud_text(sample.members[CLOUD_MEMBER], most_points)
        for sample in clouds
        if sample.key in wanted and CLOUD_MEMBER in sample.members
    }
    return Media(pictures, points, counts)


def make_exhibits(
    object_ids: Sequence[str],
    predictions: pd.DataFrame,
    labels: pd.DataFrame,
    media: Media,
    *,
    before: str = "zeroshot",
    after: str = "crossmost",
) -> list[Exhibit]:
    """Put together what the gallery shows of each object, in the given order."""
    table = predictions.assign(truth=_truth(predictions, labels)).set_index("object_id", drop=False)
    exhibits = []
    for object_id in object_ids:
        row = table.loc[object_id].to_dict()
        class_name = None if pd.isna(row["truth"]) else str(row["truth"])
        exhibits.append(
            Exhibit(
                object_id=object_id,
                split=row["split"],
                class_name=class_name,
                views=media.views.get(object_id, []),
                cloud=media.clouds.get(object_id, ""),
                verdicts=[_verdict(row, view, class_name, before, after) for view in COMBINED_VIEWS],
            )
        )
    return exhibits


def _verdict(row: dict[Any, Any], view: str, class_name: str | None, before: str, after: str) -> Verdict:
    old, new = row[f"{before}_{view}_label"], row[f"{after}_{view}_label"]
    return Verdict(
        view=view,
        before=old,
        before_confidence=float(row[f"{before}_{view}_confidence"]),
        before_right=None if class_name is None else old == class_name,
        after=new,
        after_confidence=float(row[f"{after}_{view}_confidence"]),
        after_right=None if class_name is None else new == class_name,
    )


def _truth(predictions: pd.DataFrame, labels: pd.DataFrame) -> pd.Series:
    """True class name of each row of `predictions`, missing where there is none."""
    class_of = labels.drop_duplicates("object_id").set_index("object_id")["class_name"]
    return predictions["object_id"].map(class_of)


def _spread(names: Sequence[str], count: int) -> list[str]:
    """At most `count` names, spread around the object.

    Camera heights repeat every few views: every second pick moves on by one, so that not all show the same height.
    """
    if len(names) <= count:
        return list(names)
    shift = 1 if len(names) >= 2 * count else 0
    return [names[index * len(names) // count + shift * (index % 2)] for index in range(count)]
