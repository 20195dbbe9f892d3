"""The replay of docs/replay.md runs, is a pure function of its inputs, and does what AdamW and the teacher should."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from crossmost.models.joint import JointModel
from crossmost.models.released_names import from_released, released_name
from tests.models.test_joint_parity import small_model

PROJECT = Path(__file__).parents[2]


def recorded(seed: int = 0, steps: int = 2) -> dict[str, Any]:
    """A run as somebody may have recorded it: a state dict with released names, and inputs of every step."""
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
    return {"state": {released_name(name): value for name, value in model.state_dict().items()}, "steps": inputs}


def replay(run: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Execute the code block of the page."""
    code = re.findall(r"```python\n(.*?)```", (PROJECT / "docs/replay.md").read_text(), flags=re.DOTALL)
    assert len(code) == 1
    monkeypatch.chdir(PROJECT)
    names: dict[str, Any] = {"recorded": run}
    exec(code[0], names)
    return names


def test_names_go_to_the_release_and_back() -> None:
    model = small_model(torch.float32)
    ours = list(model.state_dict())
    released = {released_name(name): torch.empty(0) for name in ours}
    assert {"image_projection", "pc_projection", "point_encoder.proj", "visual.ln_patch.weight"} <= released.keys()
    assert list(from_released(released)) == ours


def test_documented_replay_is_pure(monkeypatch: pytest.MonkeyPatch) -> None:
    first, again, other = (replay(recorded(seed), monkeypatch) for seed in (0, 0, 1))
    for name, loss in first["result"].losses.items():
        assert torch.equal(loss, again["result"].losses[name]), name
        assert loss.dtype == torch.float64
    teacher, same = (names["state"].teacher.state_dict() for names in (first, again))
    assert all(torch.equal(value, same[name]) for name, value in teacher.items())
    assert not torch.equal(first["result"].losses["mim_image"], other["result"].losses["mim_image"])


def test_the_step_is_adamw_on_everything_but_the_frozen_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    start = small_model(torch.float64)
    run = recorded(steps=1)
    start.load_state_dict(from_released(run["state"]))
    one: JointModel = replay(run, monkeypatch)["state"].model
    # One step an epoch and one epoch of warm-up: the peak learning rate at once.
    lr, decay = 0.0003, 0.05
    before, after, gradient = start.classifier, one.classifier, one.classifier.grad
    assert gradient is not None
    expected = before * (1 - lr * decay) - lr * gradient / (gradient.abs() + 1e-8)
    torch.testing.assert_close(after, expected, rtol=1e-9, atol=1e-12)
    scale = one.logit_scale.grad
    assert scale is not None
    torch.testing.assert_close(
        one.logit_scale, start.logit_scale * (1 - lr * decay) - lr * scale.sign(), rtol=1e-6, atol=1e-9
    )
    frozen = "point_tower.encoder.first_conv.0.weight"
    assert torch.equal(one.state_dict()[frozen], start.state_dict()[frozen])
    statistics = "point_tower.encoder.first_conv.1.running_mean"
    assert not torch.equal(one.state_dict()[statistics], start.state_dict()[statistics])


def test_teacher_is_the_average_after_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    run = recorded(steps=1)
    start = small_model(torch.float64)
    start.load_state_dict(from_released(run["state"]))
    state = replay(run, monkeypatch)["state"]
    before, student = start.state_dict(), state.model.state_dict()
    for name, value in state.teacher.state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(value, 0.99 * before[name] + 0.01 * student[name], rtol=1e-9, atol=1e-12)
