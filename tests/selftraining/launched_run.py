"""The small run as a program for launchers: `python -m tests.selftraining.launched_run FOLDER DEVICES MACHINES EVENT`.

EVENT is `none`, or what happens in a process at its third step: `error-RANK`, `kill-RANK` (once), or `nan` (in all).
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import torch

import crossmost.selftraining.trainer as trainer_module
from crossmost.errors import CrossmostError
from crossmost.launched_processes import join_launched
from crossmost.selftraining.result import write_result
from crossmost.selftraining.settings import SelfTrainingSettings
from tests.selftraining import small_run as small
from tests.selftraining.small_run import quick_settings

STEP = 2


def exact_settings(**engine: object) -> SelfTrainingSettings:
    """Settings under which any number of processes makes the same weights."""
    settings = quick_settings()
    changes = {"accelerator": "cpu", "precision": "64-true", "checkpoint_seconds": 0, **engine}
    return settings.model_copy(update={"engine": settings.engine.model_copy(update=changes)})


def without_stochastic_depth() -> object:
    """The random model; which paths it would drop depends on the process."""
    model = _random_model()
    for block in model.point_tower.blocks.blocks:  # type: ignore[union-attr]
        block.drop_path.rate = 0.0
    return model


_random_model = small.random_model


def _with_event(event: str, folder: Path, original: Callable[..., object]) -> Callable[..., object]:
    kind, _, where = event.partition("-")
    happened = folder / "happened"

    def training_step(state: trainer_module.TrainingState, *arguments: object) -> object:
        here = where in ("", str(torch.distributed.get_rank()))
        if state.step == STEP and here and not happened.exists():
            if kind == "error":
                raise CrossmostError("the disk of this machine is full")
            if kind == "kill":
                happened.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            if kind == "nan":
                state.model.point_projection.data.fill_(float("nan"))
        return original(state, *arguments)

    return training_step


def main() -> None:
    """Write the result into a folder that is named after this process."""
    folder, devices, machines, event = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    small.random_model = without_stochastic_depth  # type: ignore[assignment]
    trainer_module.training_step = _with_event(event, folder, trainer_module.training_step)  # type: ignore[assignment]
    try:
        launched = join_launched()
        _, result = small.small_run(exact_settings(devices=devices, num_nodes=machines), scratch=folder / "scratch")
    except CrossmostError as error:
        sys.exit(f"Error: {error}")
    target = folder / f"result-{os.getpid()}"
    target.mkdir()
    write_result(result, target)
    if launched is not None:
        launched.finish()


if __name__ == "__main__":
    main()
