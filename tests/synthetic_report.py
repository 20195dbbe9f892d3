"""Evaluation and reporting of a synthetic run, through the dataset types that conf/base uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner
from kedro_datasets.json import JSONDataset as DocumentDataset
from kedro_datasets.pandas import CSVDataset
from kedro_datasets.plotly import JSONDataset

from crossmost.kedro_datasets import ContactSheetsDataset, TableDataset
from crossmost.models.checkpoint import Checkpoint
from crossmost.pipelines import evaluation, reporting
from crossmost.pipelines.evaluation.parameters import EvaluationParameters
from crossmost.pipelines.reporting.parameters import ReportingParameters
from tests.synthetic_run import SyntheticRun, store


def run_pipelines(
    run: SyntheticRun, root: Path, seed_metrics: dict[str, Any] | None = None, card: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Evaluation and reporting with the dataset types that conf/base uses."""
    memory: dict[str, Any] = {
        "zeroshot_scores": run.scores["zeroshot"],
        "transductive_scores": run.scores["transductive"],
        "separate_scores": run.scores["selftrain_separate"],
        "crossmost_scores": run.scores["crossmost"],
        "separate_pseudo_labels": run.pseudo_labels["selftrain_separate"],
        "crossmost_pseudo_labels": run.pseudo_labels["crossmost"],
        "separate_log": run.logs["selftrain_separate"],
        "crossmost_log": run.logs["crossmost"],
        "objects": run.objects,
        "labels": run.labels,
        "class_names": run.class_names,
        "quarantine": run.quarantine,
        "render_quarantine": run.render_quarantine,
        "views": store(run.views, root / "views"),
        "clouds": store(run.clouds, root / "clouds"),
        "zeroshot_model": Checkpoint(
            {"classifier": torch.eye(max(8, len(run.class_names)))[:, : len(run.class_names)]}, {}
        ),
        "crossmost_model": Checkpoint(
            {"classifier": torch.ones(8, len(run.class_names))}, {"width": 192, **(card or {})}
        ),
        "zeroshot_embeddings": run.embeddings["zeroshot"],
        "crossmost_embeddings": run.embeddings["crossmost"],
        "seed_metrics": {} if seed_metrics is None else seed_metrics,
        "parameters": {"selftraining": {"learning_rate": 0.001, "mask": {"ratio": 0.3}}, "data_root": "elsewhere"},
        "params:evaluation": EvaluationParameters(dataset="synthetic", seed=3),
        "params:reporting": ReportingParameters(
            seed=0, gallery_objects=3, gallery_views=2, cloud_points=64, sheet_objects=4, command="kedro run"
        ),
    }
    catalog = DataCatalog({key: MemoryDataset(value, copy_mode="assign") for key, value in memory.items()})
    class_name_as_text = {"dtype": {"class_name": str}, "keep_default_na": False, "na_values": [""]}
    for name in ("per_class_metrics", "pseudo_label_quality", "accuracy_gains", "confidence_summary", "reliability"):
        catalog[name] = CSVDataset(filepath=(root / f"{name}.csv").as_posix(), load_args=class_name_as_text)
    catalog["metrics"] = DocumentDataset(filepath=(root / "metrics.json").as_posix())
    for name in ("predictions", "confusion_matrices", "embedding_map"):
        catalog[name] = TableDataset(filepath=(root / f"{name}.parquet").as_posix())
    for name in pipeline_outputs(reporting.create_pipeline(), "_figure"):
        catalog[name] = JSONDataset(filepath=(root / f"{name}.json").as_posix())
    catalog["contact_sheets"] = ContactSheetsDataset(
        path=(root / "sheets").as_posix(), dataset="pillow.ImageDataset", filename_suffix=".png", overwrite=True
    )
    # There are no snapshots: this run has no model that could make them.
    evaluated = evaluation.create_pipeline() - evaluation.create_pipeline().only_nodes("measure_snapshots")
    pipeline = evaluated + reporting.create_pipeline()
    outputs = SequentialRunner().run(pipeline, catalog)
    return {name: dataset.load() for name, dataset in outputs.items()} | {"metrics": catalog.load("metrics")}


def pipeline_outputs(pipeline: Pipeline, suffix: str) -> list[str]:
    return sorted(name for name in pipeline.all_outputs() if name.endswith(suffix))
