"""The evaluation pipeline from catalog entries to catalog entries."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import torch
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from crossmost.models.checkpoint import Checkpoint
from crossmost.pipelines.evaluation import create_pipeline
from crossmost.pipelines.evaluation.parameters import EvaluationParameters
from tests.synthetic_run import SyntheticRun, make_run

SETTINGS = EvaluationParameters(dataset="synthetic", seed=0, embedded_objects=20, embedded_views=2)


def evaluate(run: SyntheticRun, labels: pd.DataFrame) -> dict[str, Any]:
    """Everything evaluation makes of a run's tables and embeddings."""
    entries: dict[str, Any] = {
        "zeroshot_scores": run.scores["zeroshot"],
        "transductive_scores": run.scores["transductive"],
        "separate_scores": run.scores["selftrain_separate"],
        "crossmost_scores": run.scores["crossmost"],
        "separate_pseudo_labels": run.pseudo_labels["selftrain_separate"],
        "crossmost_pseudo_labels": run.pseudo_labels["crossmost"],
        "objects": run.objects,
        "labels": labels,
        "class_names": run.class_names,
        "params:evaluation": SETTINGS,
        "zeroshot_embeddings": run.embeddings["zeroshot"],
        "crossmost_embeddings": run.embeddings["crossmost"],
        "zeroshot_model": Checkpoint({"classifier": torch.eye(8)[:, : len(run.class_names)]}, {}),
    }
    pipeline = create_pipeline() - create_pipeline().only_nodes("measure_snapshots")  # see test_snapshots.py
    assert pipeline.inputs() == set(entries)
    catalog = DataCatalog({name: MemoryDataset(value) for name, value in entries.items()})
    return {name: item.load() for name, item in SequentialRunner().run(pipeline, catalog).items()}


@pytest.mark.parametrize("labeled", [True, False])
def test_makes_every_output(labeled: bool) -> None:
    run = make_run(30, labeled=labeled)
    outputs = evaluate(run, run.labels)
    assert set(outputs) == {
        "predictions",
        "metrics",
        "per_class_metrics",
        "accuracy_gains",
        "confusion_matrices",
        "pseudo_label_quality",
        "reliability",
        "embedding_map",
    }
    assert len(outputs["predictions"]) == 30
    assert set(outputs["metrics"]["methods"]) == {"zeroshot", "transductive", "selftrain_separate", "crossmost"}
    tables = [outputs[name] for name in ("per_class_metrics", "accuracy_gains", "confusion_matrices", "reliability")]
    assert all(isinstance(table, pd.DataFrame) and table.empty != labeled for table in tables)
    assert len(outputs["embedding_map"]) == 20 * 2 * 2
    if labeled:
        assert {"image_calibrated", "point_calibrated"} < set(outputs["reliability"]["view"])


def test_shuffled_labels_change_metrics_but_no_prediction() -> None:
    run = make_run(30)
    shuffled = run.labels.assign(class_name=run.labels["class_name"].to_numpy()[::-1])
    results = [evaluate(run, labels) for labels in (run.labels, shuffled)]
    for name in ("predictions", "embedding_map"):
        pd.testing.assert_frame_equal(results[0][name], results[1][name])
    assert results[0]["metrics"] != results[1]["metrics"]
