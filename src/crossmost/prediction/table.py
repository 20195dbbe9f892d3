"""One row per new object: what the model says it is, from each modality and jointly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from crossmost.collection import Collection
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.joint_checkpoint import load_fusion, load_joint
from crossmost.models.scoring import check_cloud_size, score_collection

TOP_CLASSES = 5
VIEWS = ("joint", "image", "point")


def predict(
    model: Checkpoint,
    collection: Collection,
    files: Mapping[str, str],
    *,
    n_points: int,
    batch_size: int,
) -> pd.DataFrame:
    """Predictions of every object, most confident first.

    Args:
        model: an adapted joint model.
        collection: views and clouds of the objects.
        files: object id → the file it came from.
        n_points: points of a cloud that enter the point tower.
        batch_size: objects scored at once.

    Returns:
        Columns object_id, file, agreement (whether both modalities name the same class), joint_method (whose the joint
        prediction is) and, for each view in joint, image and point: ``{view}_label``, ``{view}_confidence``
        (probability), ``{view}_top5`` (names) and ``{view}_top5_confidence``.

    Raises:
        CrossmostError: if the clouds have fewer points than the point tower makes groups of.
    """
    joint = load_joint(model)
    n_points = min(n_points, collection.clouds.shape[1])
    check_cloud_size(joint.point_tower.config, n_points, model.card.get("expected_points"))
    scores = score_collection(
        joint,
        collection,
        dict.fromkeys(collection.object_ids, "test"),
        method=model.card["method"],
        image_mean=model.card["image_mean"],
        image_std=model.card["image_std"],
        n_points=n_points,
        batch_size=batch_size,
        fusion=load_fusion(model),
        keep_embeddings=False,
    ).scores
    object_ids = list(collection.object_ids)
    columns: dict[str, object] = {"object_id": object_ids, "file": [files.get(key, "") for key in object_ids]}
    for view in VIEWS:
        best = best_classes(scores.of(view), model.card["class_names"])
        columns |= {f"{view}_{column}": values for column, values in best.items()}
    table = pd.DataFrame(columns)
    table.insert(2, "agreement", table["image_label"] == table["point_label"])
    table.insert(3, "joint_method", model.card["method"])
    return _most_confident_first(table)


def with_joint_prediction(predictions: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Predictions of images and points as they are, beside the joint one that another model makes of the same objects.

    Args:
        predictions, other: from `predict`.
    """
    joint = [column for column in predictions.columns if column.startswith("joint_")]
    of_other = other.set_index("object_id").loc[predictions["object_id"], joint]
    return _most_confident_first(predictions.assign(**{column: of_other[column].to_numpy() for column in joint}))


def _most_confident_first(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values("joint_confidence", ascending=False, ignore_index=True, kind="stable")


def best_classes(probabilities: np.ndarray, class_names: Sequence[str]) -> dict[str, object]:
    """Columns label, confidence (probability), top5 (names) and top5_confidence of probabilities (N, C)."""
    names = np.asarray(class_names, dtype=object)
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :TOP_CLASSES]
    shares = np.take_along_axis(probabilities, best, axis=1)
    return {
        "label": names[best[:, 0]],
        "confidence": shares[:, 0],
        "top5": [names[row].tolist() for row in best],
        "top5_confidence": [row.tolist() for row in shares],
    }


def spreadsheet(predictions: pd.DataFrame) -> pd.DataFrame:
    """The table for people: one cell per fact, best classes as text."""
    plain = predictions[["object_id", "file"]].copy()
    plain["label"] = predictions["joint_label"]
    plain["confidence"] = predictions["joint_confidence"].round(4)
    plain["method"] = predictions["joint_method"]
    plain["agreement"] = predictions["agreement"]
    for view in ("image", "point"):
        plain[f"{view}_label"] = predictions[f"{view}_label"]
        plain[f"{view}_confidence"] = predictions[f"{view}_confidence"].round(4)
    for view in VIEWS:
        plain[f"{view}_top5"] = _as_text(predictions[f"{view}_top5"], predictions[f"{view}_top5_confidence"])
    return plain


def picture_spreadsheet(predictions: pd.DataFrame) -> pd.DataFrame:
    """The same of what `predict_pictures` makes."""
    plain = predictions[["object", "pictures", "label"]].copy()
    plain["confidence"] = predictions["confidence"].round(4)
    plain["top5"] = _as_text(predictions["top5"], predictions["top5_confidence"])
    return plain


def _as_text(names: pd.Series, confidences: pd.Series) -> list[str]:
    pairs = zip(names, confidences, strict=True)
    return ["; ".join(f"{name} {share:.3f}" for name, share in zip(*pair, strict=True)) for pair in pairs]
