"""What can be said about predictions without any label: confidence, agreement, change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crossmost.evaluation.scores import BASELINE, SPLITS, MethodScores
from crossmost.scores import VIEWS


def confidence_table(scores: MethodScores, baseline: str = BASELINE) -> pd.DataFrame:
    """Mean confidence, image-point agreement and change against the baseline, by method, split and view.

    Returns:
        `method, split, view, n, confidence, agreement, changed`: n objects; `confidence` the mean probability
        of the predicted class; `agreement` the share of objects whose image and point labels are equal (the
        same for every view of a method); `changed` the share of objects (for image_single: of views) labeled
        otherwise than by the baseline, 0 for the baseline itself and NaN when it was not run.
    """
    records = []
    for method, views in scores.views.items():
        agrees = views["image"].predicted == views["point"].predicted
        for split in SPLITS:
            in_split = scores.splits == split
            if not in_split.any():
                continue
            for view in VIEWS:
                said = views[view].taken(in_split)
                changed = np.nan
                if baseline in scores.views:
                    changed = _changed(said.predicted, scores.views[baseline][view].taken(in_split).predicted)
                records.append(
                    {
                        "method": method,
                        "split": split,
                        "view": view,
                        "n": int(in_split.sum()),
                        "confidence": float(said.confidence.mean()),
                        "agreement": float(agrees[in_split].mean()),
                        "changed": changed,
                    }
                )
    return pd.DataFrame(records)


def _changed(after: np.ndarray, before: np.ndarray) -> float:
    """Share of differing labels; NaN when the two methods scored different numbers of views."""
    return float((after != before).mean()) if after.shape == before.shape else float("nan")
