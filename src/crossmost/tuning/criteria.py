"""How good an adapted model is, as far as that shows without labels."""

import numpy as np
import pandas as pd

from crossmost.splits import ADAPT

CRITERIA = {
    "agreement": "objects for which images and points name the same class",
    "confirmation": "objects whose class the zero-shot joint prediction names too; mean over images, points, joint",
    "information": "nats that images and points tell of the class: entropy of the mean prediction less the mean one",
    "confidence": "mean probability of the class that the joint prediction names",
}
_SMALLEST = 1e-12


def label_free_criteria(scores: pd.DataFrame, reference: pd.DataFrame) -> dict[str, float]:
    """`CRITERIA` of the objects to adapt to, each the larger the better.

    Args:
        scores: of `score_collection` under an adapted model.
        reference: the same of the zero-shot model; calibrated and joint, it is right more often than either modality.

    Raises:
        ValueError: if no object is of the split "adapt", or both tables have different ones.
    """
    views = {view: _probabilities(scores, view) for view in ("image", "point", "joint")}
    start = _probabilities(reference, "joint")
    if start.empty or any(not table.index.equals(start.index) for table in views.values()):
        raise ValueError("scores and zero-shot scores must have the same objects to adapt to, at least one")
    named = {view: np.stack(list(table)).argmax(1) for view, table in views.items()}
    named_at_start = np.stack(list(start)).argmax(1)
    image, point, joint = (np.stack(list(views[view])) for view in ("image", "point", "joint"))
    return {
        "agreement": float((named["image"] == named["point"]).mean()),
        "confirmation": float(np.mean([(labels == named_at_start).mean() for labels in named.values()])),
        "information": _information(image) + _information(point),
        "confidence": float(joint.max(1).mean()),
    }


def _probabilities(scores: pd.DataFrame, view: str) -> pd.Series:
    rows = scores[(scores["split"] == ADAPT) & (scores["view"] == view)]
    return rows.set_index("object_id")["probabilities"].sort_index()


def _information(probabilities: np.ndarray) -> float:
    """Mutual information of object and class (Krause et al., NeurIPS 2010), nats; probabilities (N, C)."""
    mean = probabilities.mean(0)
    return float(_entropy(mean[None]).item() - _entropy(probabilities).mean())


def _entropy(probabilities: np.ndarray) -> np.ndarray:
    entropy: np.ndarray = -(probabilities * np.log(np.clip(probabilities, _SMALLEST, None))).sum(1)
    return entropy
