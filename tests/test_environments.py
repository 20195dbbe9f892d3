"""Every environment of a public data set, end to end in its smallest form, on data in the published layout."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.framework.session import KedroSession

from crossmost.errors import MissingInputError
from crossmost.tables import PREDICTIONS, PSEUDO_LABELS, TRAINING_LOG, check_table
from tests.sources import published
from tests.tiny_run import PROJECT, run_environment

STAGES = ("ingestion", "rendering", "zeroshot", "selftraining", "evaluation")
FURNITURE = ("chair", "bed", "table")

ENVIRONMENTS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "modelnet10": ("modelnet10", lambda folder: published.modelnet_off(folder, FURNITURE, 2, top="ModelNet10")),
    "modelnet40": ("modelnet40", lambda folder: published.modelnet_off(folder, FURNITURE, 2)),
    "modelnet40_depth": ("modelnet40", lambda folder: published.modelnet_off(folder, FURNITURE, 2)),
    "scanobjectnn_only": ("scanobjectnn", published.scanobjectnn),
    "scanobjectnn_bg": ("scanobjectnn", published.scanobjectnn),
    "scanobjectnn_hardest": ("scanobjectnn", published.scanobjectnn),
    "shapenet": ("shapenet", published.shapenet),
    "openshape": ("openshape", published.openshape),
    "redwood": ("redwood", published.redwood),
    "co3d": ("co3d", published.co3d),
}
"""Environment → its raw folder, and what writes the data set there."""

PUBLISHED_SETTINGS = {  # method.md, section 4: joint threshold, point weight, baseline thresholds of images and points
    "modelnet10": (0.84, 0.9, 0.84, 0.84),
    "modelnet40": (0.84, 0.9, 0.80, 0.82),
    "modelnet40_depth": (0.84, 0.9, 0.84, 0.84),
    "co3d": (0.84, 0.9, 0.80, 0.82),
    "redwood": (0.82, 1.0, 0.82, 0.82),
    "scanobjectnn_only": (0.82, 1.0, 0.80, 0.82),
    "scanobjectnn_bg": (0.82, 1.0, 0.60, 0.60),
    "scanobjectnn_hardest": (0.82, 1.0, 0.60, 0.60),
}


@pytest.mark.slow
@pytest.mark.render
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_runs_from_raw_data_to_metrics(environment: str, tmp_path: Path) -> None:
    raw, write = ENVIRONMENTS[environment]
    write(tmp_path / "raw" / raw)
    results = run_environment(environment, tmp_path, *STAGES)
    metrics = json.loads((results / "08_reporting/metrics.json").read_text())
    objects = pd.read_parquet(results / "02_intermediate/objects.parquet")
    assert metrics["dataset"] == environment
    assert (objects["status"] == "ok").all()
    assert metrics["n_adapt"] == (objects["split"] == "adapt").sum() > 0
    assert metrics["n_test"] == (objects["split"] == "test").sum() > 0
    assert set(metrics["methods"]) == {"zeroshot", "transductive", "selftrain_separate", "crossmost"}
    assert 0 <= metrics["methods"]["crossmost"]["test"]["joint"]["top1"] <= 1
    outputs = results / "07_model_output"
    check_table(PREDICTIONS, pd.read_parquet(outputs / "predictions.parquet"))
    for method in ("crossmost", "separate"):
        check_table(TRAINING_LOG, pd.read_parquet(outputs / f"{method}_log.parquet"))
        check_table(PSEUDO_LABELS, pd.read_parquet(outputs / f"{method}_pseudo_labels.parquet"))


@pytest.mark.slow
@pytest.mark.render
def test_all_objects_can_be_adapted_to(tmp_path: Path) -> None:
    split = {"split": {"test_share": 0}}
    results = run_environment("shapes", tmp_path, *STAGES, "reporting", ingestion=split)
    metrics = json.loads((results / "08_reporting/metrics.json").read_text())
    assert metrics["n_test"] == 0 < metrics["n_adapt"]
    assert {split for method in metrics["methods"].values() for split in method} == {"adapt"}
    assert "Adaptation objects" in (results / "08_reporting/report.html").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("pack", ["scanobjectnn", "objaverse_lvis"])
def test_the_other_openshape_packs_are_one_parameter_away(pack: str, tmp_path: Path) -> None:
    published.openshape(tmp_path / "raw" / "openshape")
    chosen: dict[str, Any] = {"sources": {"openshape": {"pack": pack}}}
    results = run_environment("openshape", tmp_path, "ingestion", "rendering", "zeroshot", ingestion=chosen)
    assert np.load(results / "07_model_output/zeroshot_scores/probabilities.npy").shape[:2] == (6, 8 + 3)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_missing_data_is_one_message(
    environment: str, tmp_path: Path, new_session: Callable[..., KedroSession]
) -> None:
    session = new_session(environment, raw_root=str(tmp_path / "raw"))
    with pytest.raises(MissingInputError, match="put there ") as error:
        session.run(pipeline_names=["selftrain"])
    assert str(tmp_path / "raw" / ENVIRONMENTS[environment][0]) in str(error.value)
    assert "\n" not in str(error.value)


def test_the_folder_environment_without_a_folder_says_how_to_name_one(
    tmp_path: Path, new_session: Callable[..., KedroSession]
) -> None:
    session = new_session("folder", raw_root=str(tmp_path / "raw"))
    with pytest.raises(MissingInputError, match=r"--params ingestion\.sources\.folder\.path=DIR"):
        session.run(pipeline_names=["selftrain"])


@pytest.mark.parametrize("environment", PUBLISHED_SETTINGS)
def test_published_thresholds(environment: str, new_session: Callable[..., KedroSession]) -> None:
    """They belong to the paper's rule, and would leave out objects that the default's labels name rightly."""
    settings = new_session(environment, method="paper").load_context().params["selftraining"]
    joint, baseline = settings.crossmost.pseudo_labels, settings.separate_settings().pseudo_labels
    assert joint.rule == "joint"
    assert PUBLISHED_SETTINGS[environment] == (
        joint.threshold_joint,
        joint.point_weight,
        baseline.threshold_image,
        baseline.threshold_point,
    )
    default = new_session(environment).load_context().params["selftraining"]
    assert default == new_session("base").load_context().params["selftraining"]


@pytest.mark.parametrize("environment", [*ENVIRONMENTS, "folder"])
def test_the_report_names_the_command_that_makes_it(environment: str) -> None:
    parameters = yaml.safe_load((PROJECT / "conf" / environment / "parameters.yml").read_text())
    assert parameters["reporting"]["command"] == f"kedro run --pipeline=selftrain --env={environment}"
