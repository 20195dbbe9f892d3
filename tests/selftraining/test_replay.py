"""The replay of docs/replay.md runs, is a pure function of its inputs, and does what AdamW and the teacher should."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from crossmost.models.released_names import from_released, released_name
from tests.models.test_joint_parity import small_model

PROJECT = Path(__file__).parents[2]
LEARNING_RATE, DECAY = 0.0007, 0.96
PROGRAM = """
import sys
import torch
for name, run in torch.load(sys.argv[1]).items():
    names = {"recorded": run}
    exec(open(sys.argv[2]).read(), names)
    state, result = names["state"], names["result"]
    gradients = {key: value.grad for key, value in state.model.named_parameters()}
    modules = {"model": state.model.state_dict(), "teacher": state.teacher.state_dict()}
    torch.save(modules | {"gradients": gradients, "losses": result.losses, "report": result.report}, name)
"""
"""Runs the code of the page for each recorded run, and imports nothing before it that could help it."""


def recorded(seed: int = 0, steps: int = 2, threshold: float = 0.0) -> dict[str, Any]:
    """A run as somebody may have recorded it: a state dict with released names, settings, and inputs of every step."""
    model = small_model(torch.float32)
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    with torch.no_grad():
        for parameter in (model.classifier, model.point_projection, model.image_tower.projection):
            parameter.copy_(0.1 * torch.randn(parameter.shape, generator=generator))
    inputs = [
        {
            "weak_views": draw(4, 3, 32, 32),
            "strong_views": draw(4, 3, 32, 32),
            "weak_clouds": draw(4, 256, 3),
            "strong_clouds": draw(4, 256, 3),
            "weak_start": torch.randint(256, (4,), generator=generator),
            "strong_start": torch.randint(256, (4,), generator=generator),
            "image_mask": torch.rand(4, 16, generator=generator) < 0.3,
            "point_mask": torch.rand(4, 16, generator=generator) < 0.35,
        }
        for _ in range(steps)
    ]
    return {
        "state": {released_name(name): value for name, value in model.state_dict().items()},
        "labels": {"threshold_joint": threshold},
        # One step an epoch and one epoch of warm-up: the peak learning rate at once.
        "settings": {"epochs": 2, "learning_rate": LEARNING_RATE, "warmup_epochs": 1, "ema_init": DECAY},
        "steps_per_epoch": 1,
        "steps": inputs,
    }


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """State and result after each run, from a Python that has imported nothing else."""
    code = re.findall(r"```python\n(.*?)```", (PROJECT / "docs/replay.md").read_text(), flags=re.DOTALL)
    assert len(code) == 1
    folder = tmp_path_factory.mktemp("replay")
    page, runs = folder / "page.py", folder / "runs"
    page.write_text(code[0])
    asked = {
        "first": recorded(),
        "again": recorded(),
        "other": recorded(seed=1),
        "one step": recorded(steps=1),
        "nothing sure": recorded(steps=1, threshold=1.0),
    }
    torch.save({str(folder / name): run for name, run in asked.items()}, runs)
    command = [sys.executable, "-c", PROGRAM, str(runs), str(page)]
    outcome = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    return {name: torch.load(folder / name) for name in asked}


def start() -> dict[str, Tensor]:
    """Weights of the recorded run's start, in float64."""
    model = small_model(torch.float64)
    model.load_state_dict(from_released(recorded(steps=0)["state"]))
    return model.state_dict()


def test_names_go_to_the_release_and_back() -> None:
    model = small_model(torch.float32)
    ours = list(model.state_dict())
    released = {released_name(name): torch.empty(0) for name in ours}
    assert {"image_projection", "pc_projection", "point_encoder.proj", "visual.ln_patch.weight"} <= released.keys()
    assert list(from_released(released)) == ours


def test_documented_replay_is_pure(replayed: dict[str, dict[str, Any]]) -> None:
    first, again, other = (replayed[name] for name in ("first", "again", "other"))
    for name, loss in first["losses"].items():
        assert torch.equal(loss, again["losses"][name]), name
        assert loss.dtype == torch.float64
    assert all(torch.equal(value, again["teacher"][name]) for name, value in first["teacher"].items())
    assert not torch.equal(first["losses"]["mim_image"], other["losses"]["mim_image"])


def test_thresholds_are_the_recorded_runs(replayed: dict[str, dict[str, Any]]) -> None:
    assert replayed["one step"]["report"]["kept_share"] == 1
    assert replayed["nothing sure"]["report"]["kept_share"] == 0


def test_the_step_is_adamw_on_everything_but_the_frozen_weights(replayed: dict[str, dict[str, Any]]) -> None:
    before, one = start(), replayed["one step"]
    after, gradients, weight_decay = one["model"], one["gradients"], 0.05
    kept = 1 - LEARNING_RATE * weight_decay
    gradient, scale = gradients["classifier"], gradients["logit_scale"]
    expected = before["classifier"] * kept - LEARNING_RATE * gradient / (gradient.abs() + 1e-8)
    torch.testing.assert_close(after["classifier"], expected, rtol=1e-9, atol=1e-12)
    expected = before["logit_scale"] * kept - LEARNING_RATE * scale.sign()
    torch.testing.assert_close(after["logit_scale"], expected, rtol=1e-6, atol=1e-9)
    frozen = "point_tower.encoder.first_conv.0.weight"
    assert torch.equal(after[frozen], before[frozen])
    statistics = "point_tower.encoder.first_conv.1.running_mean"
    assert not torch.equal(after[statistics], before[statistics])


def test_teacher_is_the_average_after_the_step(replayed: dict[str, dict[str, Any]]) -> None:
    before, one = start(), replayed["one step"]
    for name, value in one["teacher"].items():
        if value.is_floating_point():
            expected = DECAY * before[name] + (1 - DECAY) * one["model"][name]
            torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-12)
