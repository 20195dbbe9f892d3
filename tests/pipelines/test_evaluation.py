"""The evaluation pipeline from catalog entries to catalog entries."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from crossmost.pipelines.evaluation import create_pipeline
from crossmost.pipelines.evaluation.parameters import EvaluationParameters
from tests.synthetic_run import make_run


@pytest.mark.parametrize("labeled", [True, False])
def test_makes_every_output(labeled: bool) -> None:
    run = make_run(30, labeled=labeled)
    entries: dict[str, Any] = {
        "zeroshot_scores": run.scores["zeroshot"],
        "separate_scores": run.scores["selftrain_separate"],
        "crossmost_scores": run.scores["crossmost"],
        "separate_pseudo_labels": run.pseudo_labels["selftrain_separate"],
        "crossmost_pseudo_labels": run.pseudo_labels["crossmost"],
        "objects": run.objects,
        "labels": run.labels,
        "class_names": run.class_names,
        "params:evaluation": EvaluationParameters(dataset="synthetic", seed=0),
    }
    pipeline = create_pipeline()
    assert pipeline.inputs() == set(entries)
    catalog = DataCatalog({name: MemoryDataset(value) for name, value in entries.items()})
    outputs = {name: item.load() for name, item in SequentialRunner().run(pipeline, catalog).items()}
    assert set(outputs) == {
        "predictions",
        "metrics",
        "per_class_metrics",
        "accuracy_gains",
        "confusion_matrices",
        "pseudo_label_quality",
    }
    assert len(outputs["predictions"]) == 30
    assert set(outputs["metrics"]["methods"]) == {"zeroshot", "selftrain_separate", "crossmost"}
    tables = [outputs[name] for name in ("per_class_metrics", "accuracy_gains", "confusion_matrices")]
    assert all(isinstance(table, pd.DataFrame) and table.empty != labeled for table in tables)


def test_shuffled_labels_change_metrics_but_no_prediction() -> None:
    run = make_run(30)
    results = []
    for labels in (run.labels, run.labels.assign(class_name=run.labels["class_name"].to_numpy()[::-1])):
        entries: dict[str, Any] = {
            "zeroshot_scores": run.scores["zeroshot"],
            "separate_scores": run.scores["selftrain_separate"],
            "crossmost_scores": run.scores["crossmost"],
            "separate_pseudo_labels": run.pseudo_labels["selftrain_separate"],
            "crossmost_pseudo_labels": run.pseudo_labels["crossmost"],
            "objects": run.objects,
            "labels": labels,
            "class_names": run.class_names,
            "params:evaluation": EvaluationParameters(dataset="synthetic", seed=0),
        }
        catalog = DataCatalog({name: MemoryDataset(value) for name, value in entries.items()})
        results.append({k: v.load() for k, v in SequentialRunner().run(create_pipeline(), catalog).items()})
    pd.testing.assert_frame_equal(results[0]["predictions"], results[1]["predictions"])
    assert results[0]["metrics"] != results[1]["metrics"]
