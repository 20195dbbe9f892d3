"""A small self-training run on random objects, in tests and as a program: `python -m tests.selftraining.small_run`."""

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import torch
from kedro.config import OmegaConfigLoader

import crossmost.selftraining.trainer as trainer_module
from crossmost.collection import Collection
from crossmost.models.encoders import Encoders, mini_config
from crossmost.models.joint import JointModel
from crossmost.selftraining import resume
from crossmost.selftraining.result import SelfTrainingResult
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.trainer import self_train
from crossmost.settings import CONFIG_LOADER_ARGS

PROJECT = Path(__file__).parents[2]


def default_settings(environment: str = "base") -> SelfTrainingSettings:
    """The settings users get, or those of another environment."""
    loader = OmegaConfigLoader(str(PROJECT / "conf"), env=environment, **CONFIG_LOADER_ARGS)
    return SelfTrainingSettings.model_validate(loader["parameters"]["selftraining"]["crossmost"])


def quick_settings() -> SelfTrainingSettings:
    """Two small epochs; every object is kept, every term is on, the model drops paths at random."""
    settings = default_settings()
    labels = settings.pseudo_labels.model_copy(update={"threshold_joint": 0.0, "rule": "joint"})
    changes = {"epochs": 2, "batch_size": 4, "n_points": 128, "teacher_views": 2, "pseudo_labels": labels}
    return settings.model_copy(update=changes)


def with_running_labels(settings: SelfTrainingSettings) -> SelfTrainingSettings:
    """All that makes labels of more than one batch."""
    techniques = {"rule": "pooled", "weighting": "soft", "targets": "soft", "balance": True, "prototypes": 1.0}
    labels = settings.pseudo_labels.model_copy(update={**techniques, "diversity": 0.3, "transductive_epochs": 1.5})
    return settings.model_copy(update={"pseudo_labels": labels, "class_prior": "joint"})


def random_objects(count: int) -> Collection:
    """Objects of noise."""
    rng = np.random.default_rng(0)
    views = rng.integers(0, 255, (count, 3, 72, 72, 3), dtype=np.uint8)
    clouds = rng.normal(size=(count, 300, 3)).astype(np.float32)
    return Collection(tuple(f"object-{i}" for i in range(count)), views, clouds)


def predictions_beforehand(count: int) -> torch.Tensor:
    """(count, 2, 4), as of the transductive head: the class of images is the object's number, of points the next."""
    image = torch.arange(count) % 4
    return torch.stack([image, (image + 1) % 4], dim=1).eq(torch.arange(4).view(4, 1, 1)).permute(1, 2, 0).float()


def random_model() -> JointModel:
    """Mini towers with random weights and stochastic depth in the point tower."""
    torch.manual_seed(1)
    model = JointModel(Encoders(mini_config()), torch.randn(192, 4))
    for block in model.point_tower.blocks.blocks:  # type: ignore[union-attr]
        block.drop_path.rate = 0.2
    return model


def small_run(
    settings: SelfTrainingSettings, count: int = 10, scratch: Path | None = None
) -> tuple[JointModel, SelfTrainingResult]:
    """Adapt the random model to random objects; returns the student as well."""
    model = random_model()
    gray, spread = (0.5,) * 3, (0.25,) * 3
    objects = random_objects(count)
    return model, self_train(
        model,
        objects,
        settings,
        image_mean=gray,
        image_std=spread,
        transductive=predictions_beforehand(count),
        scratch=scratch,
    )


def _kill_at(step: int, original: Callable[..., object]) -> Callable[..., object]:
    def training_step(state: trainer_module.TrainingState, *arguments: object) -> object:
        if state.step == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(state, *arguments)

    return training_step


def _every_other_step() -> Callable[[], int]:
    """A clock with which checkpoints 2 seconds apart are made after every second step: it moves when it is read."""
    return count().__next__


if __name__ == "__main__":
    target, scratch_folder, kill_step = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    if kill_step >= 0:
        trainer_module.training_step = _kill_at(kill_step, trainer_module.training_step)  # type: ignore[assignment]
    run_settings = with_running_labels(quick_settings())
    resume.monotonic = _every_other_step()
    engine = run_settings.engine.model_copy(update={"checkpoint_seconds": 2})
    _, outcome = small_run(run_settings.model_copy(update={"engine": engine}), scratch=scratch_folder)
    torch.save(outcome.teacher, target)
    outcome.log.to_parquet(target.with_suffix(".log.parquet"))
    outcome.pseudo_labels.to_parquet(target.with_suffix(".labels.parquet"))
