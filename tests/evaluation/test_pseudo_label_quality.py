"""Pseudo-label coverage and accuracy against plain counting."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crossmost.errors import CrossmostError
from crossmost.evaluation import pseudo_label_quality
from tests.synthetic_run import make_run


def test_equals_plain_counting() -> None:
    run = make_run(40)
    truth = dict(zip(run.labels["object_id"], run.labels["class_name"], strict=True))
    quality = pseudo_label_quality(run.pseudo_labels.values(), run.labels, run.class_names)
    assert len(quality) == 2 * 6 * 2 * (1 + 5)
    for row in quality.to_dict("records"):
        table = run.pseudo_labels[row["method"]]
        n = kept = right = assigned = 0
        for entry in table[table["epoch"] == row["epoch"]].to_dict("records"):
            name = run.class_names[entry[f"label_{row['modality']}"]]
            is_kept = entry[f"kept_{row['modality']}"]
            assigned += is_kept and (pd.isna(row["class_name"]) or name == row["class_name"])
            if pd.isna(row["class_name"]) or truth[entry["object_id"]] == row["class_name"]:
                n += 1
                kept += is_kept
                right += is_kept and name == truth[entry["object_id"]]
        assert (row["n"], row["n_kept"], row["n_assigned"]) == (n, kept, assigned)
        assert row["coverage"] == pytest.approx(kept / n if n else np.nan, nan_ok=True)
        assert row["accuracy"] == pytest.approx(right / kept if kept else np.nan, nan_ok=True)


def test_without_labels_coverage_remains() -> None:
    run = make_run(20, labeled=False)
    quality = pseudo_label_quality(run.pseudo_labels.values(), run.labels, run.class_names)
    total = quality[quality["class_name"].isna()]
    assert total["coverage"].between(0, 1).all()
    assert quality["accuracy"].isna().all()
    assert quality.loc[quality["class_name"].notna(), "coverage"].isna().all()
    assert (quality.loc[quality["class_name"].notna(), "n_assigned"] >= 0).all()


def test_nothing_kept_gives_zero_coverage_and_no_accuracy() -> None:
    run = make_run(10)
    table = run.pseudo_labels["crossmost"].assign(kept_image=False, kept_point=False)
    quality = pseudo_label_quality([table], run.labels, run.class_names)
    assert (quality.loc[quality["class_name"].isna(), "coverage"] == 0).all()
    assert quality["accuracy"].isna().all()


def test_refuses_impossible_tables() -> None:
    run = make_run(10)
    table = run.pseudo_labels["crossmost"]
    for wrong in (99, 5, -1):  # of five classes
        with pytest.raises(CrossmostError, match=f"class index {wrong}"):
            pseudo_label_quality([table.assign(label_image=wrong, kept_image=True)], run.labels, run.class_names)
    left_out = pseudo_label_quality([table.assign(label_image=99, kept_image=False)], run.labels, run.class_names)
    assert left_out.loc[left_out["modality"] == "image", "n_assigned"].sum() == 0, "what is not kept may be anything"
    with pytest.raises(CrossmostError, match="twice in epoch 0"):
        pseudo_label_quality([pd.concat([table, table.iloc[[0]]])], run.labels, run.class_names)
