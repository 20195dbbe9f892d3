"""How good an adapted model is, as far as that shows without labels."""

import numpy as np

from crossmost.scores import COMBINED_VIEWS, Scores
from crossmost.splits import ADAPT

CRITERIA = {
    "agreement": "objects for which images and points name the same class",
    "confirmation": "objects whose class the zero-shot joint prediction names too; mean over images, points, joint",
    "information": "nats that images and points tell of the class: entropy of the mean prediction less the mean one",
    "confidence": "mean probability of the class that the joint prediction names",
}
_SMALLEST = 1e-12


def label_free_criteria(scores: Scores, reference: Scores) -> dict[str, float]:
    """`CRITERIA` of the objects to adapt to, each the larger the better.

    Args:
        scores: of `score_collection` under an adapted model.
        reference: the same of the zero-shot model; calibrated and joint, it is right more often than either modality.

    Raises:
        ValueError: if no object is of the split "adapt", or both have different ones.
    """
    rows, rows_at_start = scores.known_rows(), reference.known_rows()
    ids, ids_at_start = _adapted_to(scores, rows), _adapted_to(reference, rows_at_start)
    if not ids or ids != ids_at_start:
        raise ValueError("scores and zero-shot scores must have the same objects to adapt to, at least one")
    image, point, joint = (scores.of(view)[rows] for view in COMBINED_VIEWS)
    named = {"image": image.argmax(1), "point": point.argmax(1), "joint": joint.argmax(1)}
    named_at_start = reference.joint[rows_at_start].argmax(1)
    return {
        "agreement": float((named["image"] == named["point"]).mean()),
        "confirmation": float(np.mean([(labels == named_at_start).mean() for labels in named.values()])),
        "information": _information(image) + _information(point),
        "confidence": float(joint.max(1).mean()),
    }


def _adapted_to(scores: Scores, rows: np.ndarray) -> list[str]:
    """Ids of those of the rows that are to be adapted to."""
    return [scores.object_ids[row] for row in rows if scores.splits[row] == ADAPT]


def _information(probabilities: np.ndarray) -> float:
    """Mutual information of object and class (Krause et al., NeurIPS 2010), nats; probabilities (N, C)."""
    mean = probabilities.mean(0)
    return float(_entropy(mean[None]).item() - _entropy(probabilities).mean())


def _entropy(probabilities: np.ndarray) -> np.ndarray:
    entropy: np.ndarray = -(probabilities * np.log(np.clip(probabilities, _SMALLEST, None))).sum(1)
    return entropy
