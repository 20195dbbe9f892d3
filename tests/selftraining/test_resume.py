"""A killed run, started again, ends as if nothing had happened."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from crossmost.models.joint_prediction import neutral_fusion
from crossmost.selftraining.resume import RunCheckpoint, run_fingerprint
from tests.selftraining.small_run import quick_settings, random_model, random_objects

PROJECT = Path(__file__).parents[2]


def run_in_process(target: Path, scratch: Path, kill_step: int = -1) -> int:
    arguments = [str(target), str(scratch), str(kill_step)]
    command = [sys.executable, "-m", "tests.selftraining.small_run", *arguments]
    return subprocess.run(command, cwd=PROJECT, check=False, capture_output=True).returncode


@pytest.mark.slow
def test_killed_run_continues_bit_for_bit(tmp_path: Path) -> None:
    whole, resumed, scratch = tmp_path / "whole.pt", tmp_path / "resumed.pt", tmp_path / "scratch"
    assert run_in_process(whole, tmp_path / "other") == 0
    assert run_in_process(resumed, scratch, kill_step=random.randint(1, 3)) == -signal.SIGKILL
    assert not resumed.exists()
    assert len(list(scratch.iterdir())) == 1, "the checkpoint of the step before"
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


def test_fingerprint_follows_everything_a_run_depends_on_and_nothing_else() -> None:
    settings, model, objects = quick_settings(), random_model(), random_objects(4)
    start = run_fingerprint(model, objects, settings)
    assert run_fingerprint(random_model(), random_objects(4), quick_settings()) == start
    elsewhere = settings.engine.model_copy(update={"checkpoint_every": 7, "loader_workers": 3})
    assert run_fingerprint(model, objects, settings.model_copy(update={"engine": elsewhere})) == start
    assert run_fingerprint(model, objects, settings.model_copy(update={"seed": 99})) != start
    assert run_fingerprint(model, random_objects(5), settings) != start
    fused = run_fingerprint(model, objects, settings, neutral_fusion(4))
    other = neutral_fusion(4)._replace(temperature=torch.tensor([1.0, 2.0]))
    assert len({start, fused, run_fingerprint(model, objects, settings, other)}) == 3
    assert isinstance(objects.clouds, np.ndarray)
    objects.clouds[0, 0, 0] += 1
    assert run_fingerprint(model, objects, settings) != start
    model.classifier.data[0, 0] += 1
    assert run_fingerprint(model, random_objects(4), settings) != start


def test_checkpoint_is_whole_or_not_there(tmp_path: Path) -> None:
    checkpoint = RunCheckpoint(tmp_path / "new", "a" * 64)
    assert checkpoint.load() is None
    checkpoint.save({"step": 1, "weights": torch.ones(3)})
    checkpoint.path.with_suffix(".partial").write_bytes(b"killed while writing")
    saved = checkpoint.load()
    assert saved is not None
    assert saved["step"] == 1
    checkpoint.remove()
    assert not list((tmp_path / "new").iterdir())
