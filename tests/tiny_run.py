"""Whole runs of environments in their smallest form: few views, few points, a couple of steps of training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.framework.project import configure_project
from kedro.framework.session import KedroSession

PROJECT = Path(__file__).parents[1]

TINY: dict[str, Any] = {
    "ingestion": {"n_jobs": 1},
    "rendering": {
        "n_jobs": 1,
        "views": {"n_views": 8, "image_size": 64},
        "supersampling": 1,
        "depth_views": {"surface_points": 1024},
        "clouds": {"kind": "cad"},
    },
    "zeroshot": {"n_points": 256, "batch_size": 16},
    "selftraining": {"crossmost": {"epochs": 1, "batch_size": 8, "n_points": 256}},
    "reporting": {"gallery_objects": 1, "cloud_points": 64, "sheet_objects": 2},
}


def run_environment(environment: str, folder: Path, *stages: str, **parameters: Any) -> Path:
    """Run stages of an environment in its smallest form.

    Args:
        environment: Its name.
        folder: Raw data is in `raw/`; results go to `data/`.
        stages: Names of pipelines.
        parameters: On top of the smallest form, nested as in the parameter files.

    Returns:
        The folder of results.
    """
    configure_project("crossmost")
    places = {"data_root": str(folder / "data"), "raw_root": str(folder / "raw")}
    runtime = merged(merged(TINY, parameters), places)
    session = KedroSession.create(PROJECT, env=environment, runtime_params=runtime, save_on_close=False)
    session.run(pipeline_names=list(stages))
    return folder / "data"


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two nested dictionaries as one; the second wins."""
    both = dict(below)
    for key, value in above.items():
        old = both.get(key)
        both[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return both
