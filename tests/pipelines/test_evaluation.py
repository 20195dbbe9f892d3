"""The evaluation pipeline from catalog entries to catalog entries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from crossmost.models.checkpoint import Checkpoint
from crossmost.models.encoders import Encoders, mini_config
from crossmost.models.joint import JointModel
from crossmost.models.joint_checkpoint import joint_card, save_joint
from crossmost.pipelines.evaluation import create_pipeline
from crossmost.pipelines.evaluation.nodes import embed_objects
from crossmost.pipelines.evaluation.parameters import EvaluationParameters
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from tests.synthetic_run import SyntheticRun, make_run, store

SETTINGS = EvaluationParameters(dataset="synthetic", seed=0, embedded_objects=8, embedded_views=2)
# Made from models, stores or snapshots that a synthetic run does not have; tested below and in test_snapshots.py.
OF_MODELS = ("embed_objects", "measure_snapshots")


def evaluate(run: SyntheticRun, labels: pd.DataFrame) -> dict[str, Any]:
    """Everything evaluation makes of a run's tables and embeddings."""
    entries: dict[str, Any] = {
        "zeroshot_scores": run.scores["zeroshot"],
        "separate_scores": run.scores["selftrain_separate"],
        "crossmost_scores": run.scores["crossmost"],
        "separate_pseudo_labels": run.pseudo_labels["selftrain_separate"],
        "crossmost_pseudo_labels": run.pseudo_labels["crossmost"],
        "objects": run.objects,
        "labels": labels,
        "class_names": run.class_names,
        "params:evaluation": SETTINGS,
        "embeddings": run.embeddings,
        "zeroshot_model": Checkpoint({"classifier": torch.eye(8)[:, : len(run.class_names)]}, {}),
    }
    pipeline = create_pipeline() - create_pipeline().only_nodes(*OF_MODELS)
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
    assert set(outputs["metrics"]["methods"]) == {"zeroshot", "selftrain_separate", "crossmost"}
    tables = [outputs[name] for name in ("per_class_metrics", "accuracy_gains", "confusion_matrices", "reliability")]
    assert all(isinstance(table, pd.DataFrame) and table.empty != labeled for table in tables)
    assert len(outputs["embedding_map"]) == 30 * 2 * 2


def test_shuffled_labels_change_metrics_but_no_prediction() -> None:
    run = make_run(30)
    shuffled = run.labels.assign(class_name=run.labels["class_name"].to_numpy()[::-1])
    results = [evaluate(run, labels) for labels in (run.labels, shuffled)]
    for name in ("predictions", "embedding_map"):
        pd.testing.assert_frame_equal(results[0][name], results[1][name])
    assert results[0]["metrics"] != results[1]["metrics"]


def test_embeddings_of_both_models_are_unit_vectors_of_some_objects(tmp_path: Path) -> None:
    run = make_run(12)
    encoders = Encoders(mini_config()).eval()
    checkpoint = encoders.checkpoint({})
    before, after = (
        save_joint(
            JointModel(encoders, torch.randn(encoders.embed_dim, 5)),
            joint_card(checkpoint.card, run.class_names, method=method),
        )
        for method in ("zeroshot", "crossmost")
    )
    table = embed_objects(
        before,
        after,
        store(run.views, tmp_path / "views"),
        store(run.clouds, tmp_path / "clouds"),
        SETTINGS,
        ZeroshotParameters(templates=("{}",), n_points=128, batch_size=5),
    )
    assert table.groupby(["method", "modality"])["object_id"].nunique().tolist() == [8] * 4
    assert not table.duplicated(["method", "modality", "object_id"]).any()
    lengths = np.linalg.norm(np.stack(table["embedding"].tolist()), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)
