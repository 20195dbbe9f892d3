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
from crossmost.selftraining import trainer
from crossmost.selftraining.resume import RunCheckpoint, remove_finished, run_fingerprint
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.step import TrainingState
from tests.selftraining.small_run import (
    predictions_beforehand,
    quick_settings,
    random_model,
    random_objects,
    small_run,
)

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
    (finished,) = scratch.iterdir()
    assert torch.load(finished, weights_only=True).keys() == {"record", "selection"}, "nothing to continue from is left"

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
    checkpoint.finish({"weights": torch.zeros(3)})
    assert checkpoint.load() is None
    finished = checkpoint.load_finished()
    assert finished is not None and finished.keys() == {"weights"}
    other = RunCheckpoint(tmp_path / "new", "b" * 64, 0)
    other.save({"step": 1})
    assert checkpoint.of_others() == [other.path] and other.of_others() == [], "a finished run needs no continuation"
    remove_finished(tmp_path / "new")
    assert checkpoint.load_finished() is None and other.load() is not None


def test_a_finished_run_is_not_trained_again_until_its_result_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Scoring after the training may fail, or the disk be full when the model is saved."""
    settings = quick_settings()
    steps: list[int] = []
    training_step = trainer.training_step

    def counted(state: TrainingState, *arguments: Any) -> Any:
        steps.append(state.step)
        return training_step(state, *arguments)

    monkeypatch.setattr(trainer, "training_step", counted)
    first = small_run(settings, scratch=tmp_path)[1]
    made = len(steps)
    with caplog.at_level("INFO"):
        again = small_run(settings, scratch=tmp_path)[1]
    assert made > 0 and len(steps) == made and "was finished before" in caplog.text
    assert again.selected_epoch == first.selected_epoch
    assert all(torch.equal(again.teacher[name], value) for name, value in first.teacher.items())
    assert [epoch for epoch, _ in again.snapshots] == [epoch for epoch, _ in first.snapshots]
    pd.testing.assert_frame_equal(again.log, first.log)
    pd.testing.assert_frame_equal(again.pseudo_labels, first.pseudo_labels)
    small_run(settings.model_copy(update={"seed": 5}), scratch=tmp_path)
    assert len(steps) == 2 * made, "another run is another run"
    remove_finished(tmp_path)
    small_run(settings, scratch=tmp_path)
    assert len(steps) == 3 * made


def test_what_stopped_runs_left_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    RunCheckpoint(tmp_path, "a" * 64, 0).save({"step": 1})
    with caplog.at_level("INFO"):
        small_run(quick_settings(), scratch=tmp_path)
    assert "1 checkpoint(s) of stopped runs with other settings" in caplog.text
