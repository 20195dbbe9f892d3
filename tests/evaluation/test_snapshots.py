"""Teachers along a run: what each criterion takes, and what the oracle would."""

import numpy as np
import pandas as pd

from crossmost.evaluation.snapshots import snapshot_table
from crossmost.scores import Scores
from crossmost.selftraining.snapshots import snapshot_predictions
from tests.small_scores import make_scores

CLASSES = ["chair", "lamp"]
LOG = pd.DataFrame(
    {
        "epoch": [0, 0, 1, 1, 2, 2],
        "agreement": [0.5, 0.7, 0.9, 0.9, 0.8, 0.8],
        "teacher_entropy_image": [0.9, 0.9, 0.5, 0.5, 0.4, 0.2],
        "teacher_entropy_point": [0.9, 0.9, 0.5, 0.5, 0.1, 0.1],
    }
)


def predictions(right_of_epoch: dict[int, int]) -> pd.DataFrame:
    """Four chairs in the test split; so many of them are recognized after each epoch, from one of two views all."""
    splits = {f"object-{number}": "test" for number in range(4)}

    def scored(right: int) -> Scores:
        of_object = np.array([[0.9, 0.1] if number < right else [0.2, 0.8] for number in range(4)])
        return make_scores(splits, of_object, single=np.stack([of_object, np.tile([0.9, 0.1], (4, 1))], axis=1))

    return snapshot_predictions(list(right_of_epoch), map(scored, right_of_epoch.values()))


LABELS = pd.DataFrame({"object_id": [f"object-{number}" for number in range(4)], "class_name": ["chair"] * 4})


def test_criteria_and_oracle_take_the_epochs_they_should() -> None:
    whole = snapshot_table(predictions({0: 4, 1: 1, 2: 2}), LOG, LABELS, CLASSES)
    assert whole.query("view == 'image_single'")["top1"].tolist() == [1, 0.625, 0.75]
    assert whole["view"].unique().tolist() == ["image", "image_single", "joint", "point"]
    table = whole[whole["view"] == "joint"].set_index("epoch")
    assert table["top1"].to_dict() == {0: 1.0, 1: 0.25, 2: 0.5}
    assert table["agreement"].round(6).to_dict() == {0: 0.6, 1: 0.9, 2: 0.8}
    assert table.index[table["last"]].tolist() == [2]
    assert table.index[table["most_agreement"]].tolist() == [1]
    assert table.index[table["least_entropy"]].tolist() == [2]
    assert table.index[table["oracle"]].tolist() == [0]


def test_without_labels_there_is_no_accuracy_and_no_oracle() -> None:
    table = snapshot_table(predictions({0: 4, 2: 2}), LOG, LABELS.iloc[:0], CLASSES)
    assert table["top1"].isna().all()
    assert not table["oracle"].any()
    assert table["last"].sum() == 4, "one for each view"


def test_an_object_without_a_label_counts_for_no_snapshot() -> None:
    table = snapshot_table(predictions({0: 3}), LOG, LABELS.iloc[1:], CLASSES).set_index("view")
    assert table["top1"].to_dict() == {
        "image": 2 / 3, "image_single": 5 / 6, "joint": 2 / 3, "point": 2 / 3,
    }  # fmt: skip
