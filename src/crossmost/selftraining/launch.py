"""Where a run's processes come from: this one alone, spawned here, or started by torchrun or srun."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment
from lightning_fabric.strategies import DDPStrategy
from torch import distributed

from crossmost.errors import CrossmostError
from crossmost.launched_processes import backend, join_launched
from crossmost.selftraining.result import SelfTrainingResult, read_result, write_result
from crossmost.selftraining.settings import TrainingEngineSettings

Run = Callable[..., SelfTrainingResult | None]
"""Gets a Fabric and the arguments of `launch`; returns its result in the first process."""


def launch(engine: TrainingEngineSettings, run: Run, *arguments: Any) -> SelfTrainingResult:
    """Make a run in all its processes.

    Under a launcher, every process but the first stays in `join_launched`, which must have been called.

    Raises:
        CrossmostError: if a launcher started other processes than the settings say, or none where they need one.
    """
    launched = join_launched()
    if launched is not None:
        launched.require(engine.devices, engine.num_nodes)
        return cast(SelfTrainingResult, launched.call(_run_launched, engine, run, arguments))
    if engine.num_nodes > 1:
        raise CrossmostError(
            f"engine.num_nodes is {engine.num_nodes}, but neither torchrun nor srun started this process with others"
        )
    # Not plain "ddp", which would run the whole program again in every process.
    spawn = DDPStrategy(start_method="spawn", find_unused_parameters=True, process_group_backend=backend())
    fabric = Fabric(
        accelerator=engine.accelerator,
        devices=engine.devices,
        precision=engine.precision,
        strategy=spawn if engine.devices > 1 else "auto",
        # In a SLURM job without srun, Fabric would give every spawned process the rank of the batch script.
        plugins=LightningEnvironment(),
    )
    # Fabric calls the function with itself and these arguments, but its annotation knows the first one only.
    if engine.devices == 1:
        return cast(SelfTrainingResult, fabric.launch(cast(Any, run), *arguments))
    # Processes hand their result over in files: Fabric's queue would wait for itself as soon as one fills a pipe.
    with TemporaryDirectory(prefix="crossmost-") as folder:
        fabric.launch(cast(Any, _hand_over), run, arguments, Path(folder))
        return read_result(Path(folder))


def _hand_over(fabric: Fabric, run: Run, arguments: tuple[Any, ...], folder: Path) -> None:
    """The run in one of the spawned processes; the first one writes the result."""
    result = run(fabric, *arguments)
    if result is not None:
        write_result(result, folder)
    distributed.destroy_process_group()


def _run_launched(engine: TrainingEngineSettings, run: Run, arguments: tuple[Any, ...]) -> SelfTrainingResult | None:
    """The run in one of the processes of a launcher."""
    fabric = Fabric(
        accelerator=engine.accelerator,
        devices=engine.devices,
        num_nodes=engine.num_nodes,
        precision=engine.precision,
        strategy=DDPStrategy(find_unused_parameters=True),
    )
    return fabric.launch(cast(Any, run), *arguments)
