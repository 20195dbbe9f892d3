"""Objects to look at: which ones, with their views, their cloud and what was predicted before and after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from crossmost.reports.images import THUMBNAIL_SIDE, cloud_text, png_to_uri
from crossmost.scores import COMBINED_VIEWS, Scores

VIEW_SUFFIX = ".png"
CLOUD_MEMBER = "points.npy"
THUMBNAIL_VIEW = 1
"""The second camera sees most objects from the front right."""
MODALITIES = ("image", "point")
MOST_BARS = 4
"""Classes whose probabilities are drawn for each modality of an object."""

Probabilities = dict[tuple[str, str, str], np.ndarray]
"""(method, object id, modality) -> (C,) class probabilities."""


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
class ClassBar:
    """Probability of one class under one modality before and after; `is_truth` marks the true class."""

    class_name: str
    before: float
    after: float
    is_truth: bool


@dataclass(frozen=True)
class Exhibit:
    """One object of the gallery.

    Attributes:
        views: image data URIs.
        cloud: what `cloud_text` gives; may be empty.
        verdicts: by modality.
        bars: modality -> its most probable classes before and after.
    """

    object_id: str
    split: str
    class_name: str | None
    views: list[str]
    cloud: str
    verdicts: list[Verdict]
    bars: dict[str, list[ClassBar]]


@dataclass(frozen=True)
class Media:
    """Pictures and clouds read from the stores, by object id.

    Attributes:
        views, clouds: of the gallery's objects.
        thumbnails: one small picture of each object that asked for one.
        view_counts: number of views of every stored object.
    """

    views: dict[str, list[str]]
    clouds: dict[str, str]
    thumbnails: dict[str, str]
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
    thumbnail_ids: Iterable[str] = (),
) -> Media:
    """Read pictures and clouds of some objects, and count the views of all, in one pass over each store.

    Args:
        views, clouds: the stores.
        object_ids: objects of the gallery.
        views_per_object: pictures of each.
        most_points: points of each cloud.
        thumbnail_ids: objects of which one small picture is wanted.
    """
    wanted, small = set(object_ids), set(thumbnail_ids)
    pictures: dict[str, list[str]] = {}
    thumbnails: dict[str, str] = {}
    counts: dict[str, int] = {}
    for sample in views:
        names = sorted(name for name in sample.members if name.endswith(VIEW_SUFFIX))
        counts[sample.key] = len(names)
        if sample.key in small and names:
            name = names[THUMBNAIL_VIEW % len(names)]
            thumbnails[sample.key] = png_to_uri(sample.members[name], f"{sample.key}.{name}", side=THUMBNAIL_SIDE)
        if sample.key in wanted:
            pictures[sample.key] = [
                png_to_uri(sample.members[name], f"{sample.key}.{name}") for name in _spread(names, views_per_object)
            ]
    points = {
        sample.key: cloud_text(sample.members[CLOUD_MEMBER], most_points)
        for sample in clouds
        if sample.key in wanted and CLOUD_MEMBER in sample.members
    }
    return Media(pictures, points, thumbnails, counts)


def make_exhibits(
    object_ids: Sequence[str],
    predictions: pd.DataFrame,
    labels: pd.DataFrame,
    media: Media,
    probabilities: Probabilities,
    class_names: Sequence[str],
    *,
    before: str = "zeroshot",
    after: str = "crossmost",
) -> list[Exhibit]:
    """Put together what the gallery shows of each object, in the given order.

    Args:
        object_ids: which objects.
        predictions: one row per object.
        labels: true labels; may be empty.
        media: pictures and clouds.
        probabilities: of these objects, see `read_probabilities`.
        class_names: the C class names in logit order.
        before, after: the methods compared.
    """
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
                bars={
                    modality: _bars(
                        probabilities[before, object_id, modality],
                        probabilities[after, object_id, modality],
                        class_names,
                        class_name,
                    )
                    for modality in MODALITIES
                },
            )
        )
    return exhibits


def read_probabilities(methods: Iterable[Scores], object_ids: Sequence[str]) -> Probabilities:
    """(method, object id, modality) -> class probabilities (C,) of some objects; no others are read."""
    found: Probabilities = {}
    for scores in methods:
        both = scores.modalities(scores.rows_of(object_ids), np.float64)
        for modality, probabilities in zip(MODALITIES, both, strict=True):
            for object_id, values in zip(object_ids, probabilities, strict=True):
                found[scores.method, object_id, modality] = values
    return found


def _bars(before: np.ndarray, after: np.ndarray, class_names: Sequence[str], truth: str | None) -> list[ClassBar]:
    """The classes that are most probable before or after, and the true one, in order of the larger probability."""
    larger = np.maximum(before, after)
    order = np.argsort(-larger, kind="stable")
    chosen = order[:MOST_BARS].tolist()
    if truth is not None and (position := list(class_names).index(truth)) not in chosen:
        chosen[-1] = position
    return [
        ClassBar(class_names[index], float(before[index]), float(after[index]), class_names[index] == truth)
        for index in chosen
    ]


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
