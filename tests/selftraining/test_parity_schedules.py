"""Learning rates, teacher decay, optimizer groups and the toy teacher of the original implementation."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from torch import Tensor, nn

from crossmost.models.image_tower import ImageTower
from crossmost.models.joint import JointModel, Towers
from crossmost.models.point_tower import PointTower, PointTowerConfig
from crossmost.models.released_names import released_name
from crossmost.selftraining.schedule import cosine_with_warmup, linear_ramp, parameter_groups, trainable_parameters
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.teacher import update_teacher

PARITY = Path(__file__).parents[1] / "parity"
SCHEDULES = json.loads((PARITY / "E_schedules.json").read_text())
Group = tuple[float, float]
TABLES = sorted(name for name, value in SCHEDULES["lr_schedule"].items() if isinstance(value, dict))


def test_teacher_decay() -> None:
    table = SCHEDULES["ema_decay"]
    found = [linear_ramp(step, table["init"], table["final"], table["warm_it"]) for step in range(421)]
    np.testing.assert_allclose(found, table["it_0_to_420"], rtol=0, atol=1e-15)


@pytest.mark.parametrize("name", TABLES)
def test_learning_rates(name: str) -> None:
    table = SCHEDULES["lr_schedule"][name]
    expected = table["schedule"]
    warmup = table["warmup_epochs"] * (len(expected) // table["epochs"])
    found = [
        cosine_with_warmup(step, len(expected), warmup, table["lr"], table["min_lr"]) for step in range(len(expected))
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def optimizer_groups(defaults: SelfTrainingSettings) -> tuple[dict[str, Group], dict[str, Group]]:
    """Learning-rate factor and weight decay of every trainable tensor of the full model: ours, the recorded ones.

    The same tensors are frozen in both.
    """
    table = json.loads((PARITY / "E_param_groups_full_model.json").read_text())
    visual = open_clip.create_model("ViT-B-16", force_custom_text=True, device="meta").visual
    with torch.device("meta"):
        towers = Towers(
            ImageTower(visual),
            PointTower(PointTowerConfig()),
            nn.Parameter(torch.empty(768, 512)),
            nn.Parameter(torch.empty(())),
        )
        model = JointModel(towers, torch.empty(512, 40))
    arithmetic = defaults.arithmetic.model_copy(update={"decay_logit_scale": True})
    changes = {"arithmetic": arithmetic, "layer_decay": 0.65, "weight_decay": 0.05, "classifier_learning_rate": 1.0}
    groups: dict[int, Group] = {
        id(parameter): (group["lr_scale"], group["weight_decay"])  # type: ignore[misc]
        for group in parameter_groups(model, defaults.model_copy(update=changes))
        for parameter in group["params"]  # type: ignore[attr-defined]
    }
    found = {released_name(name): groups[id(parameter)] for name, parameter in trainable_parameters(model)}
    expected = {name: (entry["lr_scale"], entry["weight_decay"]) for name, entry in table["trainable"].items()}
    frozen = {released_name(name) for name, _ in model.named_parameters()} - found.keys()
    assert frozen == set(table["frozen"])
    assert found.keys() == expected.keys()
    return found, expected


def test_optimizer_groups_of_the_full_model(selftraining_settings: SelfTrainingSettings) -> None:
    found, expected = optimizer_groups(selftraining_settings)
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, rel=1e-12), name


def toy_teachers() -> Iterator[tuple[str, Tensor, np.ndarray]]:
    """Name, value and recorded value of every tensor of a toy teacher after each of its updates."""
    numbers = np.load(PARITY / "E_ema_toy.npz")

    def load(prefix: str) -> nn.Module:
        module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        module.load_state_dict({name: torch.tensor(numbers[f"{prefix}/{name}"]) for name in module.state_dict()})
        return module

    teacher = load("init")
    for step, decay in enumerate(numbers["decays"]):
        update_teacher(teacher, load(f"step{step}/model"), float(decay))
        for name, value in teacher.state_dict().items():
            yield f"{step} {name}", value, numbers[f"step{step}/ema/{name}"]


def test_toy_teacher_with_buffers() -> None:
    for name, value, recorded in toy_teachers():
        np.testing.assert_allclose(value, recorded, atol=1e-6, err_msg=name)
