from typing import Any

import pandas as pd
import pytest

from crossmost.errors import CrossmostError
from crossmost.tables import LABELS, OBJECTS, PREDICTIONS, QUARANTINE, check_table


def objects() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "object_id": ["a-1", "b_2"],
            "source": "test",
            "sha256": "0" * 64,
            "split": ["adapt", None],
            "duplicate_group": [0, -1],
            "n_vertices": [8, 0],
            "n_faces": [12, 0],
            "has_texture": [True, False],
            "status": ["ok", "quarantined"],
            "reason": [None, "no faces"],
        }
    )


def replaced(table: pd.DataFrame, column: str, values: list[Any]) -> pd.DataFrame:
    table[column] = values
    return table


def test_good_tables_pass() -> None:
    assert len(check_table(OBJECTS, objects())) == 2
    assert check_table(QUARANTINE, pd.DataFrame(columns=["object_id", "source", "stage", "reason"])).empty
    assert check_table(LABELS, pd.DataFrame(columns=["object_id", "class_name"])).empty


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("object_id", ["a-1", "a-1"], "object_id"),
        ("object_id", ["a-1", "../b"], "object_id"),
        ("split", ["train", None], "split"),
        ("split", [None, None], "split_iff_ok"),
        ("reason", [None, None], "reason_iff_quarantined"),
        ("n_faces", [-1, 0], "n_faces"),
    ],
)
def test_a_bad_objects_table_is_explained(column: str, values: list[object], message: str) -> None:
    with pytest.raises(CrossmostError, match=f"The table objects.*{message}"):
        check_table(OBJECTS, replaced(objects(), column, values))


def test_predictions_have_columns_per_method_and_view() -> None:
    table = pd.DataFrame(
        {
            "object_id": ["a"],
            "split": ["adapt"],
            "zeroshot_joint_label": ["chair"],
            "zeroshot_joint_confidence": [0.5],
            "zeroshot_joint_top5": [["chair", "sofa"]],
        }
    )
    assert len(check_table(PREDICTIONS, table)) == 1
    with pytest.raises(CrossmostError, match="confidence"):
        check_table(PREDICTIONS, table.assign(zeroshot_joint_confidence=[1.5]))
