"""Processes that torchrun or srun started: the first one runs the program, the others take part in what it calls.

    first process                      every other process
    join_launched()                    join_launched()
    prepares, reads                    waits
    call(train, …)            →        train(…)
    scores, writes                     waits
    finish()                  →        exits

A function that is called together gets its arguments from the first process. Nothing else runs more than once, so
nothing is written twice, and nobody reads what another one has not finished writing. Whoever fails first says so and
ends all.

The others execute what comes from the first one's address, as under any launcher of PyTorch: nothing there is
authenticated or encrypted, so that the machines must be on a network that is trusted (docs/running.md).
"""

import atexit
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, NoReturn, TypeVar

import torch
from lightning_fabric.plugins.environments import ClusterEnvironment, SLURMEnvironment, TorchElasticEnvironment
from torch import distributed

from crossmost.errors import CrossmostError

Result = TypeVar("Result")

MEETING = timedelta(minutes=10)
"""How long processes wait for each other at the start."""
STANDSTILL = timedelta(minutes=30)
"""How long a process waits for the others in the middle of a common step."""
_LOST = "another process ended in the middle of a common step; its own output, or the launcher's, says why"
_FAREWELL = timedelta(seconds=10)
_SECONDS_BETWEEN_LOOKS = 0.2


class LaunchedProcesses:
    """All processes of a launcher, seen from one of them; `join_launched` makes it.

    Args:
        environment: who this process is, as Fabric finds it.
        store: keys and values that all processes see.
        per_machine: processes that the launcher started on each machine.
    """

    def __init__(self, environment: ClusterEnvironment, store: distributed.Store, per_machine: int) -> None:
        self.rank, self.size, self.per_machine = environment.global_rank(), environment.world_size(), per_machine
        self._store = store
        self._words = 0
        self._in_call = self._ended = False

    def require(self, devices: int, num_nodes: int) -> None:
        """Check the numbers of a configuration.

        Raises:
            CrossmostError: if the launcher started others.
        """
        if (devices, num_nodes * devices) != (self.per_machine, self.size):
            raise CrossmostError(
                f"the launcher started {self.size} processes, {self.per_machine} on each machine, but engine.devices "
                f"is {devices} and engine.num_nodes {num_nodes}: set engine.devices={self.per_machine} and "
                f"engine.num_nodes={self.size // self.per_machine}, or start {devices} on each of {num_nodes} machines"
            )

    def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Call a function in all processes; only the first one may ask for it.

        Args:
            function: can be pickled, as can ``arguments``.

        Returns:
            What it returns in the first process.

        Raises:
            CrossmostError: if another process was lost.
            SystemExit: if another process failed, which has said why.
        """
        self._say("call")
        self._in_call = True
        try:
            distributed.broadcast_object_list([(function, arguments)], src=0)
            result = function(*arguments)
        except Exception as error:
            if not self._is_first_to_fail():
                with suppress(distributed.DistError):
                    self._store.wait(["told"], _FAREWELL)
                raise SystemExit(1) from error
            if _is_lost_connection(error):
                raise CrossmostError(_LOST) from error
            raise
        self._in_call = False
        return result

    def finish(self, word: str = "done") -> None:
        """Let the others exit: all is done, or has ``failed``. After the first time this does nothing."""
        if self._ended:
            return
        self._ended = True
        with suppress(distributed.DistError):
            self._say(word)
            if word == "done":
                distributed.destroy_process_group()
            # The first process may hold the store, so it leaves last; but not if others are in the middle of a step:
            # they notice by the connections that break.
            if not self._in_call:
                self._store.wait([f"left {rank}" for rank in range(1, self.size)], _FAREWELL)

    def serve(self) -> NoReturn:
        """Take part in the calls of the first process, until it finishes; then exit."""
        try:
            while (word := self._heard()) == "call":
                box: list[Any] = [None]
                distributed.broadcast_object_list(box, src=0)
                function, arguments = box[0]
                function(*arguments)
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        except Exception as error:
            self._fail(error)
            raise SystemExit(1) from error
        if word == "done":
            distributed.destroy_process_group()
        with suppress(distributed.DistError):
            self._store.set(f"left {self.rank}", "")
        raise SystemExit(0 if word == "done" else 1)

    def _say(self, word: str) -> None:
        self._store.set(f"word {self._words}", word)
        self._words += 1

    def _heard(self) -> str:
        """The next word of the first process, which may take hours; "failed" if that process is gone."""
        key = f"word {self._words}"
        self._words += 1
        try:
            # Looking now and then, since a wait that runs out of time writes a warning.
            while not self._store.check([key]):
                time.sleep(_SECONDS_BETWEEN_LOOKS)
            return self._store.get(key).decode()
        except distributed.DistError:
            return "failed"

    def _is_first_to_fail(self) -> bool:
        try:
            return self._store.add("failures", 1) == 1
        except distributed.DistError:  # the process that held the store is gone
            return self.rank == 0

    def _fail(self, error: Exception) -> None:
        """Say what happened, unless another process does; then leave it the time to."""
        if not self._is_first_to_fail():
            self._heard()
            return
        if _is_lost_connection(error):
            error = CrossmostError(_LOST)
        elif not isinstance(error, CrossmostError):
            traceback.print_exception(error)
        print(f"Error: {error} (process {self.rank} of {self.size}, {socket.gethostname()})", file=sys.stderr)
        sys.stderr.flush()
        with suppress(distributed.DistError):
            self._store.set("told", "")


_joined: LaunchedProcesses | None = None


def join_launched() -> LaunchedProcesses | None:
    """Meet the other processes of a launcher; all but the first one serve it and exit, without coming back.

    A program calls it early, and `LaunchedProcesses.finish` when all went well.

    Returns:
        In the first process the handle on all of them; None where no launcher started several.

    Raises:
        CrossmostError: if the others do not come, or srun was started in a way that Fabric cannot use.
    """
    global _joined
    if _joined is not None:
        return _joined
    environment = _environment()
    if environment is None:
        return None
    rank, size = environment.global_rank(), environment.world_size()
    os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"] = environment.main_address, str(environment.main_port)
    try:
        store, _, _ = next(distributed.rendezvous(f"env://?rank={rank}&world_size={size}", timeout=MEETING))
        # torchrun keeps its store when it starts all again after a failure, and with it what was said before.
        store = distributed.PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", store)
        # Fabric takes a group that is there already.
        distributed.init_process_group(
            backend(), store=distributed.PrefixStore("group", store), rank=rank, world_size=size, timeout=STANDSTILL
        )
    except RuntimeError as error:
        if rank:
            raise SystemExit(1) from error
        where = f"{environment.main_address}:{environment.main_port}"
        raise CrossmostError(f"the {size} processes of the launcher did not all come to {where}: {error}") from error
    _joined = LaunchedProcesses(environment, distributed.PrefixStore("crossmost", store), _per_machine(size))
    if rank:
        _joined.serve()
    atexit.register(_joined.finish, "failed")
    return _joined


def backend() -> str:
    """What processes talk through: objects by gloo, tensors on GPUs by NCCL."""
    return "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"


def _environment() -> ClusterEnvironment | None:
    """Fabric's view of this process among several; None if it is alone."""
    environment: ClusterEnvironment | None = None
    if TorchElasticEnvironment.detect():
        environment = TorchElasticEnvironment()
    # A batch script's own commands have the variables of srun's tasks but this one, and are one process.
    elif "SLURM_STEP_ID" in os.environ and SLURMEnvironment.detect():
        try:
            environment = SLURMEnvironment()
        except RuntimeError as error:
            if os.environ["SLURM_PROCID"] != "0":
                raise SystemExit(1) from error
            raise CrossmostError("srun needs --ntasks-per-node, the processes on each machine") from error
    return environment if environment is not None and environment.world_size() > 1 else None


def _per_machine(size: int) -> int:
    """Processes per machine as the launcher says."""
    if TorchElasticEnvironment.detect():
        return int(os.environ["LOCAL_WORLD_SIZE"])
    return int(os.environ.get("SLURM_NTASKS_PER_NODE", size))


def _is_lost_connection(error: Exception) -> bool:
    """Whether a common step failed because a process was gone: gloo has no error type of its own."""
    return isinstance(error, distributed.DistNetworkError) or "by peer" in str(error)
