"""Processes of torchrun and srun, two on one machine, make the result of one process, once; or end with one word."""

import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
import torch

from crossmost.errors import CrossmostError
from crossmost.launched_processes import join_launched
from crossmost.selftraining.result import SelfTrainingResult, read_result
from tests.launchers import BATCH_SCRIPT, srun, torchrun
from tests.selftraining import small_run as small
from tests.selftraining.launched_run import exact_settings, without_stochastic_depth

PROGRAM = "tests.selftraining.launched_run"
Outcome = list[CompletedProcess[str]]


def under_torchrun(folder: Path, event: str = "none", restarts: int = 0) -> Outcome:
    return torchrun(PROGRAM, str(folder), "2", "1", event, restarts=restarts)


def under_two_agents(folder: Path) -> Outcome:
    return torchrun(PROGRAM, str(folder), "1", "2", "none", machines=2)


def under_srun(folder: Path, event: str = "none") -> Outcome:
    return srun(PROGRAM, str(folder), "1", "2", event)


def the_result(folder: Path, outcome: Outcome) -> SelfTrainingResult:
    assert [process.returncode for process in outcome] == [0] * len(outcome), outcome
    (only,) = folder.glob("result-*")
    (left,) = (folder / "scratch").iterdir()
    assert left.name.endswith(".finished.pt"), "the first process alone leaves its result, and nothing to go on from"
    return read_result(only)


@pytest.fixture(scope="module")
def of_one_process() -> SelfTrainingResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small, "random_model", without_stochastic_depth)
        return small.small_run(exact_settings())[1]


def assert_same(result: SelfTrainingResult, expected: SelfTrainingResult) -> None:
    np.testing.assert_allclose(result.log["loss"], expected.log["loss"], rtol=1e-9)
    np.testing.assert_array_equal(result.pseudo_labels["object_id"], expected.pseudo_labels["object_id"])
    np.testing.assert_array_equal(result.pseudo_labels["label_image"], expected.pseudo_labels["label_image"])
    assert result.teacher.keys() == expected.teacher.keys()
    for name, value in expected.teacher.items():
        torch.testing.assert_close(result.teacher[name], value, rtol=1e-7, atol=1e-9, msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("launcher", [under_torchrun, under_two_agents, under_srun])
def test_launched_processes_make_the_weights_of_one_process_and_write_them_once(
    launcher: Callable[[Path], Outcome], tmp_path: Path, of_one_process: SelfTrainingResult
) -> None:
    assert_same(the_result(tmp_path, launcher(tmp_path)), of_one_process)


@pytest.mark.slow
def test_a_killed_process_is_started_again_and_all_go_on_from_the_checkpoint_of_the_first(
    tmp_path: Path, of_one_process: SelfTrainingResult
) -> None:
    result = the_result(tmp_path, under_torchrun(tmp_path, "kill-0", restarts=1))
    assert (tmp_path / "happened").exists()
    assert_same(result, of_one_process)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("launcher", "event", "message"),
    [
        (under_torchrun, "error-1", "the disk of this machine is full"),
        (under_srun, "error-0", "the disk of this machine is full"),
        (under_srun, "error-1", "the disk of this machine is full"),
        (under_srun, "nan", "the self-training loss became nan"),
    ],
)
def test_a_failure_ends_all_processes_with_one_message(
    launcher: Callable[[Path, str], Outcome], event: str, message: str, tmp_path: Path
) -> None:
    outcome = launcher(tmp_path, event)
    assert all(process.returncode != 0 for process in outcome)
    output = "".join(process.stdout for process in outcome)
    assert output.count("Error: ") - output.count("ChildFailedError: ") == 1, output
    assert f"Error: {message}" in output
    assert not list(tmp_path.glob("result-*"))


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_no_process_waits_for_one_that_is_lost(rank: int, tmp_path: Path) -> None:
    outcome = under_srun(tmp_path, f"kill-{rank}")
    assert outcome[rank].returncode == -signal.SIGKILL
    assert outcome[1 - rank].returncode == 1
    # Of a lost first process srun itself tells; all others would have the same to say.
    words = "Error: another process ended in the middle of a common step"
    assert outcome[1 - rank].stdout.count(words) == rank


def set_all(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_a_batch_script_without_srun_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, **BATCH_SCRIPT)
    assert join_launched() is None


def test_srun_must_say_how_many_processes_a_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, **BATCH_SCRIPT, SLURM_STEP_ID="0")
    monkeypatch.delenv("SLURM_NTASKS_PER_NODE")
    with pytest.raises(CrossmostError, match="srun needs --ntasks-per-node"):
        join_launched()


def test_several_machines_need_a_launcher() -> None:
    with pytest.raises(CrossmostError, match=r"num_nodes is 2, but neither torchrun nor srun"):
        small.small_run(exact_settings(num_nodes=2))
