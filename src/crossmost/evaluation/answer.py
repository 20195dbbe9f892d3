"""Which joint prediction is the answer for objects of both modalities, chosen without labels.

Self-training teaches both modalities the same labels. Afterwards they err together, so that their joint prediction may
be worse than before, although each of them is better. Whether it is does not show in confidences or agreement, which
rise in any case, but in how many joint labels have changed: where zero-shot named the classes well, training changes
few of them, and on balance not for the better (docs/results.md).
"""

from dataclasses import dataclass

import pandas as pd

from crossmost.evaluation.scores import BASELINE
from crossmost.splits import ADAPT

ADAPTED = "crossmost"


@dataclass(frozen=True)
class Answer:
    """The choice for a whole collection.

    Attributes:
        method: whose joint prediction it is.
        changed_share: of the objects adapted to, those whose joint label self-training changed.
    """

    method: str
    changed_share: float


def choose_answer(confidence: pd.DataFrame, least_changed_share: float) -> Answer | None:
    """Zero-shot's joint prediction, unless self-training changed enough of it; None if one of both was not scored.

    Args:
        confidence: from `confidence_table`.
        least_changed_share: from this share of changed labels on, the adapted model's joint prediction is taken.
    """
    joint = confidence[(confidence["method"] == ADAPTED) & (confidence["view"] == "joint")].set_index("split")[
        "changed"
    ]
    if not len(joint) or joint.isna().any():
        return None
    changed = float(joint[ADAPT] if ADAPT in joint else joint.iloc[0])
    return Answer(ADAPTED if changed >= least_changed_share else BASELINE, changed)
