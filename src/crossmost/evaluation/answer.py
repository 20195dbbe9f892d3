"""Which joint prediction is the answer for objects of both modalities, chosen without labels.

Self-training teaches both modalities the same labels. Afterwards they err together, so that their joint prediction may
be worse than before, although each of them is better. Whether it is does not show in confidences or agreement, which
rise in any case, but in how many joint labels have changed: where zero-shot named the classes well, training changes
few of them, and on balance not for the better (docs/results.md).
"""

from dataclasses import dataclass

import pandas as pd

from crossmost.errors import CrossmostError
from crossmost.evaluation.scores import BASELINE
from crossmost.scores import Scores
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
    changed = changed_share(confidence)
    return None if changed is None else Answer(answer_method(changed, least_changed_share), changed)


def changed_share(confidence: pd.DataFrame) -> float | None:
    """Of the objects adapted to (of all, if none are), those whose joint label self-training changed."""
    joint = confidence[(confidence["method"] == ADAPTED) & (confidence["view"] == "joint")]
    changed_in = joint.set_index("split")["changed"]
    if not len(changed_in) or changed_in.isna().any():
        return None
    return float(changed_in[ADAPT] if ADAPT in changed_in else changed_in.iloc[0])


def answer_from_scores(before: Scores, after: Scores, least_changed_share: float) -> Answer:
    """The same choice, from what zero-shot and the adapted model said of the same objects.

    Raises:
        CrossmostError: if they scored different objects, or with other classes.
    """
    changed = share_of_changed_labels(before, after)
    return Answer(answer_method(changed, least_changed_share), changed)


def share_of_changed_labels(before: Scores, after: Scores) -> float:
    """Of the objects adapted to (of all, if none are), those whose joint label is another one.

    Raises:
        CrossmostError: if other objects were scored, or with other classes.
    """
    rows = before.known_rows(), after.known_rows()
    of_objects = [
        [scores.object_ids[row] for row in known] for scores, known in zip((before, after), rows, strict=True)
    ]
    if of_objects[0] != of_objects[1] or before.class_names != after.class_names:
        raise CrossmostError(
            "The scores of zero-shot and of the adapted model are of different objects or classes: run "
            "`kedro run --pipelines=zeroshot,selftraining` again"
        )
    labels = [scores.joint[of_them].argmax(axis=1) for scores, of_them in zip((before, after), rows, strict=True)]
    return float((labels[0] != labels[1]).mean())


def answer_method(changed: float, least_changed_share: float) -> str:
    """Whose joint prediction is taken; see `choose_answer`."""
    return ADAPTED if changed >= least_changed_share else BASELINE
