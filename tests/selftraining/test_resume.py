"""A killed run, started again, ends as if nothing had happened."""

import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from crossmost.collection import Collection
from crossmost.models.joint_prediction import neutral_fusion
from crossmost.selftraining.resume import RunCheckpoint, run_fingerprint
from crossmost.selftraining.settings import SelfTrainingSettings
from tests.selftraining.small_run import predictions_beforehand, quick_settings, random_model, random_objects

PROJECT = Path(__file__).parents[2]


def run_in_process(target: Path, scratch: Path, kill_step: int = -1) -> int:
    arguments = [str(target), str(scratch), str(kill_step)]
    command = [sys.executable, "-m", "tests.selftraining.small_run", *arguments]
    return subprocess.run(command, cwd=PROJECT, check=False, capture_output=True).returncode


@pytest.mark.slow
def test_killed_run_continues_bit_for_bit(tmp_path: Path) -> None:
    whole, resumed, scratch = tmp_path / "whole.pt", tmp_path / "resumed.pt", tmp_path / "scratch"
    assert run_in_process(whole, tmp_path / "other") == 0
    assert run_in_process(resumed, scratch, kill_step=random.randint(2, 3)) == -signal.SIGKILL
    assert not resumed.exists()
    (checkpoint,) = scratch.iterdir()
    assert torch.load(checkpoint, weights_only=True)["step"] == 2, "a third step is lost and made again"
    assert run_in_process(resumed, scratch) == 0
    assert not list(scratch.iterdir()), "scratch is removed when the run is done"

    expected, found = (torch.load(path, weights_only=True) for path in (whole, resumed))
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        assert torch.equal(found[name], value), name
    for suffix in (".log.parquet", ".labels.parquet"):
        pd.testing.assert_frame_equal(
            pd.read_parquet(resumed.with_suffix(suffix)), pd.read_parquet(whole.with_suffix(suffix))
        )


NORMALIZATION: dict[str, Any] = {"image_mean": (0.5,) * 3, "image_std": (0.25,) * 3}


def test_fingerprint_follows_everything_a_run_depends_on_and_nothing_else() -> None:
    settings, model, objects = quick_settings(), random_model(), random_objects(4)

    def of(settings: SelfTrainingSettings = settings, data: Collection = objects, **changes: Any) -> str:
        return run_fingerprint(model, data, settings, **{**NORMALIZATION, **changes})

    start = of()
    assert run_fingerprint(random_model(), random_objects(4), quick_settings(), **NORMALIZATION) == start
    elsewhere = settings.engine.model_copy(update={"checkpoint_seconds": 7, "loader_workers": 3})
    assert of(settings.model_copy(update={"engine": elsewhere})) == start
    hotter = neutral_fusion(4)._replace(temperature=torch.tensor([1.0, 2.0]))
    labels = settings.pseudo_labels.model_copy(update={"transductive_epochs": 1.0})
    transductive = settings.model_copy(update={"pseudo_labels": labels})
    different = [
        start,
        of(settings.model_copy(update={"seed": 99})),
        of(data=random_objects(5)),
        of(image_mean=(0.4,) * 3),
        of(image_std=(0.4,) * 3),
        of(fusion=neutral_fusion(4)),
        of(fusion=hotter),
        of(transductive, transductive=predictions_beforehand(4)),
        of(transductive, transductive=predictions_beforehand(4).flip(0)),
    ]
    assert of(transductive=predictions_beforehand(4)) == start, "nothing is made of them"
    model.point_tower.config = replace(model.point_tower.config, group_size=7)
    different.append(of())
    assert isinstance(objects.clouds, np.ndarray)
    objects.clouds[0, 0, 0] += 1
    different.append(of())
    model.classifier.data[0, 0] += 1
    different.append(of())
    assert len(set(different)) == len(different)


def test_checkpoints_are_as_far_apart_as_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("crossmost.selftraining.resume.monotonic", lambda: now)
    checkpoint, never = RunCheckpoint(tmp_path, "a" * 64, 30), RunCheckpoint(tmp_path, "b" * 64, None)
    assert not checkpoint.is_due()
    now = 131.0
    assert checkpoint.is_due() and not never.is_due()
    checkpoint.save({"step": 1})
    assert not checkpoint.is_due()


def test_checkpoint_is_whole_or_not_there(tmp_path: Path) -> None:
    checkpoint = RunCheckpoint(tmp_path / "new", "a" * 64, 0)
    assert checkpoint.load() is None
    checkpoint.save({"step": 1, "weights": torch.ones(3)})
    checkpoint.path.with_suffix(".partial").write_bytes(b"killed while writing")
    saved = checkpoint.load()
    assert saved is not None
    assert saved["step"] == 1
    checkpoint.remove()
    assert not list((tmp_path / "new").iterdir())
