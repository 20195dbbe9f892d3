"""Two processes of a launcher on this machine: by torchrun, or with the variables that srun gives its tasks."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

Finished = subprocess.CompletedProcess[str]
PROJECT = Path(__file__).parents[1]
SECONDS = 300.0
BATCH_SCRIPT = {
    "SLURM_JOB_ID": "7",
    "SLURM_JOB_NAME": "adapt",
    "SLURM_NNODES": "2",
    "SLURM_NTASKS": "2",
    "SLURM_NTASKS_PER_NODE": "1",
    "SLURM_PROCID": "0",
    "SLURM_NODEID": "0",
    "SLURM_LOCALID": "0",
}
"""Variables of a batch script of two nodes, whose own commands are one process."""


def torchrun(module: str, *arguments: str, machines: int = 1, restarts: int = 0) -> list[Finished]:
    """Run a module in two processes, under one agent or under two as on two machines.

    Returns:
        What became of each agent.
    """
    command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={2 // machines}"]
    command += [f"--nnodes={machines}", f"--max-restarts={restarts}", "--rdzv-backend=c10d", "--local-addr=127.0.0.1"]
    command += [f"--rdzv-endpoint=127.0.0.1:{_free_port()}", "-m", module, *arguments]
    return _all([command] * machines, [{}] * machines)


def srun(module: str, *arguments: str) -> list[Finished]:
    """Run a module in two processes with the variables of `srun --nodes=2 --ntasks-per-node=1`."""
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port())}
    shared = BATCH_SCRIPT | address | {"SLURM_STEP_ID": "0"}
    own = [{"SLURM_PROCID": str(rank), "SLURM_NODEID": str(rank)} for rank in range(2)]
    return _all([[sys.executable, "-m", module, *arguments]] * 2, [shared | variables for variables in own])


def _all(commands: Sequence[Sequence[str]], variables: Sequence[dict[str, str]]) -> list[Finished]:
    """Run commands at the same time; none may hang."""
    running = [
        subprocess.Popen(
            command,
            cwd=PROJECT,
            env=os.environ | own,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for command, own in zip(commands, variables, strict=True)
    ]
    try:
        return [
            subprocess.CompletedProcess(process.args, process.returncode, output)
            for process in running
            for output, _ in [process.communicate(timeout=SECONDS)]
        ]
    finally:
        for process in running:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
