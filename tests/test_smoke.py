"""The whole job on the smallest procedural collection: environment ``test``, from pre-training to the report."""

import json
from pathlib import Path

import pandas as pd
import pytest
from kedro.framework.project import configure_project
from kedro.framework.session import KedroSession

PROJECT = Path(__file__).parents[1]
METHODS = {"zeroshot", "transductive", "selftrain_separate", "crossmost"}
VIEWS = {"image_single", "image", "point", "joint"}

pytestmark = [pytest.mark.slow, pytest.mark.render]


def _run(data: Path, *stages: str) -> None:
    configure_project("crossmost")
    parameters = {"data_root": str(data)}
    session = KedroSession.create(PROJECT, env="test", runtime_params=parameters, save_on_close=False)
    session.run(pipeline_names=list(stages))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of pre-training followed by the main job."""
    root = tmp_path_factory.mktemp("smoke")
    _run(root, "pretraining")
    _run(root, "selftrain")
    return root


def test_metrics_have_the_documented_form(data: Path) -> None:
    metrics = json.loads((data / "08_reporting/metrics.json").read_text(encoding="utf-8"))
    assert {"dataset", "n_classes", "n_adapt", "n_test", "seed", "methods"} <= set(metrics)
    assert set(metrics["methods"]) == METHODS
    for method in metrics["methods"].values():
        assert set(method) == {"adapt", "test"}
        for split in method.values():
            assert set(split) == VIEWS
            assert all(0 <= view[measure] <= 1 for view in split.values() for measure in ("top1", "mean_class"))


def test_predictions_have_one_row_per_usable_object(data: Path) -> None:
    predictions = pd.read_parquet(data / "07_model_output/predictions.parquet")
    objects = pd.read_parquet(data / "02_intermediate/objects.parquet")
    usable = objects.loc[objects["status"] == "ok", "object_id"]
    assert sorted(predictions["object_id"]) == sorted(usable)


def test_the_report_needs_nothing_from_elsewhere(data: Path) -> None:
    page = (data / "08_reporting/report.html").read_text(encoding="utf-8")
    assert 'src="http' not in page
    assert '<link rel="stylesheet" href' not in page


def test_shuffled_labels_leave_every_weight_as_it_was(data: Path) -> None:
    """Labels cannot reach training: with other labels the same bytes come out."""
    weights = [data / f"06_models/{name}/model.safetensors" for name in ("zeroshot", "crossmost", "separate")]
    before = [path.read_bytes() for path in weights]
    path = data / "02_intermediate/labels.parquet"
    labels = pd.read_parquet(path)
    shuffled = labels.assign(class_name=labels["class_name"].sample(frac=1, random_state=1).to_numpy())
    assert not shuffled.equals(labels)
    shuffled.to_parquet(path)
    for weight in weights:
        weight.unlink()
    try:
        _run(data, "rendering", "zeroshot", "selftraining")
    finally:
        labels.to_parquet(path)
    assert [path.read_bytes() for path in weights] == before


def test_settings_are_compared_without_labels(data: Path) -> None:
    _run(data, "tuning")
    comparison = pd.read_csv(data / "08_reporting/settings_comparison.csv")
    chosen = json.loads((data / "08_reporting/chosen_settings.json").read_text(encoding="utf-8"))
    assert sorted(comparison["learning_rate"]) == [0.0001, 0.001]
    assert chosen["changes"] == {"learning_rate": comparison["learning_rate"][0], "class_prior": "uniform"}
    assert chosen["criterion"] == "confirmation"
