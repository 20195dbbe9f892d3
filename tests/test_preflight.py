"""What is found out before anything runs."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession

from crossmost.errors import CrossmostError
from crossmost.preflight import PreflightHooks

SessionFactory = Callable[..., KedroSession]


def test_gpus_that_are_not_there_are_missed_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, new_session: SessionFactory
) -> None:
    def run(engine: dict[str, Any], found: int, stage: str = "selftraining") -> None:
        monkeypatch.setattr(torch.cuda, "device_count", lambda: found)
        catalog = new_session("test", selftraining={"crossmost": {"engine": engine}}).load_context().catalog
        PreflightHooks().before_pipeline_run(pipelines[stage], catalog)

    with pytest.raises(CrossmostError, match=r"asks for 1 CUDA GPU\(s\), but PyTorch finds 0 on this machine: set acc"):
        run({"accelerator": "cuda"}, 0)
    with pytest.raises(CrossmostError, match="asks for 4 CUDA"):
        run({"accelerator": "cuda", "devices": 4}, 2)
    run({"accelerator": "cuda", "devices": 2}, 2)
    run({"accelerator": "auto"}, 0)
    run({"accelerator": "cuda"}, 0, stage="rendering")


@pytest.mark.parametrize(
    ("stage", "parameters", "refused"),
    [
        ("selftrain", {"zeroshot": {"n_points": 513}}, r"^zeroshot\.n_points is 513, but clouds are stored with 512"),
        ("selftrain", {"selftraining": {"crossmost": {"n_points": 513}}}, r"^selftraining\.crossmost\.n_points is 513"),
        ("prediction", {"zeroshot": {"n_points": 513}}, r"raise rendering\.clouds\.n_points to at least 513"),
        ("selftrain", {"zeroshot": {"n_points": 512}}, None),
        ("rendering", {"zeroshot": {"n_points": 513}}, None),
        ("zeroshot", {"zeroshot": {"n_points": 513}}, None),
    ],
)
def test_points_that_no_cloud_will_have_are_missed_before_anything_runs(
    stage: str, parameters: dict[str, Any], refused: str | None, new_session: SessionFactory
) -> None:
    catalog = new_session("test", **parameters).load_context().catalog
    if refused is None:
        PreflightHooks().before_pipeline_run(pipelines[stage], catalog)
        return
    with pytest.raises(CrossmostError, match=refused):
        PreflightHooks().before_pipeline_run(pipelines[stage], catalog)
