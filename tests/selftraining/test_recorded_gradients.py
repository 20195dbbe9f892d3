"""Replayed gradients are those of plain steps; the tests of real CUDA graphs need a GPU."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

import crossmost.selftraining.trainer as trainer_module
from crossmost.collection import Collection
from crossmost.models.encoders import Encoders, EncodersConfig
from crossmost.models.joint import JointModel
from crossmost.models.point_towers import AnyPointConfig
from crossmost.selftraining.recorded_gradients import WARM_UP, RecordedGradients
from crossmost.selftraining.result import SelfTrainingResult
from crossmost.selftraining.schedule import Schedule
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.step import Batch, StepResult, TrainingState, training_step
from crossmost.selftraining.trainer import start_state
from tests.models.test_cuda_graph import Tape
from tests.selftraining.small_run import default_settings, quick_settings, small_run, with_running_labels
from tests.selftraining.test_parity_step import model
from tests.selftraining.test_public_towers import IMAGE, OPENSHAPE, UNI3D
from tests.selftraining.test_step import batch_of, settings_of

STEPS = WARM_UP + 4
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")


def different_batches(number: int) -> list[Batch]:
    """Batches of the same sizes."""
    generator = torch.Generator().manual_seed(5)
    first = batch_of(model())
    noise = [torch.randn(first.weak_views.shape, generator=generator) for _ in range(2 * number)]
    return [
        first._replace(weak_views=weak, strong_views=strong) for weak, strong in zip(*[iter(noise)] * 2, strict=True)
    ]


def run(settings: SelfTrainingSettings, tape: Tape | None) -> tuple[TrainingState, list[StepResult]]:
    """Steps on batches of which no two are the same, two at a time."""
    fabric = Fabric(accelerator="cpu", devices=1)
    state = start_state(model(), settings, fabric)
    gradients = RecordedGradients(state, settings, fabric, tape) if tape is not None else None
    drawn = different_batches(2 * STEPS)
    pairs = zip(drawn[::2], drawn[1::2], strict=True)
    return state, [training_step(state, pair, settings, Schedule(settings, 5), fabric, gradients) for pair in pairs]


@pytest.mark.parametrize("change", [lambda settings: settings, with_running_labels], ids=["default", "running_labels"])
def test_replayed_steps_are_the_plain_ones(change: Callable[[SelfTrainingSettings], SelfTrainingSettings]) -> None:
    settings = change(settings_of(accumulate=2, clip_norm=1.0))
    none_given = settings.pseudo_labels.model_copy(update={"transductive_epochs": 0.0})
    settings = settings.model_copy(update={"pseudo_labels": none_given})
    tape = Tape()
    plain, expected = run(settings, None)
    state, found = run(settings, tape)
    assert (tape.recorded, tape.replayed) == (1, STEPS - WARM_UP)
    for name, value in plain.model.state_dict().items():
        assert torch.equal(state.model.state_dict()[name], value), name
    for one, other in zip((*state.fusion, *state.memory), (*plain.fusion, *plain.memory), strict=True):
        assert torch.equal(one, other)
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.losses == theirs.losses, "no later step writes over what an earlier one has found"
        assert all(torch.equal(a, b) for a, b in zip(mine.pseudo_labels, theirs.pseudo_labels, strict=True))
        assert all(torch.equal(mine.report[name], value) for name, value in theirs.report.items())


def test_nothing_is_recorded_while_the_transductive_head_has_its_share() -> None:
    tape = Tape()
    fabric, settings = Fabric(accelerator="cpu", devices=1), settings_of()
    state = start_state(model(), settings, fabric)
    gradients = RecordedGradients(state, settings, fabric, tape)
    batch = batch_of(state.model)
    batch = batch._replace(transductive=torch.full((len(batch.coin), 2, 10), 0.1))
    for _ in range(STEPS):
        gradients([batch], 0.5)
    assert tape.recorded == 0
    for _ in range(STEPS):
        gradients([batch], 0.0)
    assert (tape.recorded, tape.replayed) == (1, STEPS - WARM_UP)


def test_gradients_that_were_taken_away_are_there_again() -> None:
    fabric, settings = Fabric(accelerator="cpu", devices=1), settings_of()
    state = start_state(model(), settings, fabric)
    tape, batch = Tape(), batch_of(state.model)
    gradients = RecordedGradients(state, settings, fabric, tape)
    for _ in range(WARM_UP + 1):
        gradients([batch], 0.0)
    held = [p.grad for group in state.optimizer.param_groups for p in group["params"]]
    state.optimizer.zero_grad()
    tape.silent = True  # a graph writes where it has written before
    gradients([batch], 0.0)
    after = [p.grad for group in state.optimizer.param_groups for p in group["params"]]
    assert any(value is not None for value in held)
    assert all(one is other for one, other in zip(after, held, strict=True))


def small_gpu_run(**changes: Any) -> SelfTrainingResult:
    settings = quick_settings().model_copy(update={"epochs": 6})
    engine = settings.engine.model_copy(update=changes.pop("engine", {}))
    return small_run(settings.model_copy(update={"engine": engine, **changes}), count=16)[1]


def paper_changes() -> dict[str, Any]:
    paper = default_settings("paper")
    return {name: getattr(paper, name) for name in ("arithmetic", "loss_weights", "class_prior", "views_per_object")}


def public_run(config: AnyPointConfig, engine: dict[str, Any]) -> SelfTrainingResult:
    rng = np.random.default_rng(0)
    data = Collection(
        tuple("abcdefgh"),
        rng.integers(0, 255, (8, 2, 72, 72, 3), dtype=np.uint8),
        rng.normal(size=(8, 100, 3)).astype(np.float32),
    )
    settings = quick_settings().model_copy(update={"epochs": 4, "batch_size": 2, "n_points": 64})
    settings = settings.model_copy(update={"engine": settings.engine.model_copy(update=engine)})
    torch.manual_seed(0)
    towers = EncodersConfig(backbone="tiny", architecture={"embed_dim": 32, "vision_cfg": IMAGE}, point_tower=config)
    return trainer_module.self_train(
        JointModel(Encoders(towers), torch.randn(32, 4)), data, settings, image_mean=(0.5,) * 3, image_std=(0.25,) * 3
    )


RUNS: dict[str, Callable[[dict[str, Any]], SelfTrainingResult]] = {
    "default": lambda engine: small_gpu_run(engine=engine),
    "loaded ahead": lambda engine: small_gpu_run(engine=engine | {"loader_workers": 2}),
    "accumulated": lambda engine: small_gpu_run(engine=engine, accumulate=2, clip_norm=1.0),
    "compiled": lambda engine: small_gpu_run(engine=engine | {"compile": True}),
    "checkpointed": lambda engine: small_gpu_run(engine=engine | {"gradient_checkpointing": True}),
    "paper": lambda engine: small_gpu_run(engine=engine, **paper_changes()),
    "running labels": lambda engine: small_gpu_run(
        engine=engine, pseudo_labels=with_running_labels(quick_settings()).pseudo_labels, class_prior="joint"
    ),
    "Uni3D": lambda engine: public_run(UNI3D, engine),
    "OpenShape": lambda engine: public_run(OPENSHAPE, engine),
}


@needs_gpu
@pytest.mark.parametrize("name", RUNS)
def test_a_gpu_replays_the_same_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[RecordedGradients] = []

    class Seen(RecordedGradients):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(trainer_module, "RecordedGradients", Seen)
    precision = {"precision": "32-true", "loader_workers": 0}
    plain = RUNS[name](precision | {"cuda_graph": False})
    assert not made
    replayed = RUNS[name](precision | {"cuda_graph": True})
    assert len(made) == 1 and made[0].is_recorded
    np.testing.assert_allclose(replayed.log["loss"], plain.log["loss"], rtol=1e-3)
    for label in ("label_image", "label_point"):
        assert (replayed.pseudo_labels[label] == plain.pseudo_labels[label]).mean() > 0.98
    for weight, value in plain.teacher.items():
        torch.testing.assert_close(replayed.teacher[weight], value, rtol=1e-2, atol=1e-4, msg=weight)
