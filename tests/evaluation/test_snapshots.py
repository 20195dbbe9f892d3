"""Teachers along a run: what each criterion takes, and what the oracle would."""

import numpy as np
import pandas as pd

from crossmost.evaluation.snapshots import snapshot_table

CLASSES = ["chair", "lamp"]
LOG = pd.DataFrame(
    {
        "epoch": [0, 0, 1, 1, 2, 2],
        "agreement": [0.5, 0.7, 0.9, 0.9, 0.8, 0.8],
        "teacher_entropy_image": [0.9, 0.9, 0.5, 0.5, 0.4, 0.2],
        "teacher_entropy_point": [0.9, 0.9, 0.5, 0.5, 0.1, 0.1],
    }
)


def scores(right_of_epoch: dict[int, int]) -> pd.DataFrame:
    """Four chairs in the test split; so many of them are recognized after each epoch."""
    rows = [
        {
            "object_id": f"object-{number}",
            "split": "test",
            "view": "joint",
            "epoch": epoch,
            "probabilities": np.array([0.9, 0.1] if number < right else [0.2, 0.8]),
        }
        for epoch, right in right_of_epoch.items()
        for number in range(4)
    ]
    return pd.DataFrame(rows)


LABELS = pd.DataFrame({"object_id": [f"object-{number}" for number in range(4)], "class_name": ["chair"] * 4})


def test_criteria_and_oracle_take_the_epochs_they_should() -> None:
    table = snapshot_table(scores({0: 4, 1: 1, 2: 2}), LOG, LABELS, CLASSES).set_index("epoch")
    assert table["top1"].to_dict() == {0: 1.0, 1: 0.25, 2: 0.5}
    assert table["agreement"].round(6).to_dict() == {0: 0.6, 1: 0.9, 2: 0.8}
    assert table.index[table["last"]].tolist() == [2]
    assert table.index[table["most_agreement"]].tolist() == [1]
    assert table.index[table["least_entropy"]].tolist() == [2]
    assert table.index[table["oracle"]].tolist() == [0]


def test_without_labels_there_is_no_accuracy_and_no_oracle() -> None:
    table = snapshot_table(scores({0: 4, 2: 2}), LOG, LABELS.iloc[:0], CLASSES)
    assert table["top1"].isna().all()
    assert not table["oracle"].any()
    assert table["last"].sum() == 1
