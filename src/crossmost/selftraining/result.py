"""What a self-training run gives back, and its way from one process to another."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from safetensors.torch import load_file, save_file
from torch import Tensor

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class SelfTrainingResult:
    """What self-training leaves behind.

    Attributes:
        teacher: weights of the selected teacher, drawn to the start as `weight_ensemble` says: the adapted model.
        selected_epoch: after which epoch it was taken, from 0.
        snapshots: (epoch, weights) of earlier teachers and of the last one.
        log: one row per step, see `Recorder.log_table`.
        pseudo_labels: one row per object and epoch, see `Recorder.pseudo_label_table`.
    """

    teacher: Weights
    selected_epoch: int
    snapshots: list[tuple[int, Weights]]
    log: pd.DataFrame
    pseudo_labels: pd.DataFrame


def write_result(result: SelfTrainingResult, folder: Path) -> None:
    """Write a result into an existing folder."""
    save_file(result.teacher, folder / "teacher.safetensors")
    for epoch, weights in result.snapshots:
        save_file(weights, folder / f"snapshot-{epoch}.safetensors")
    result.log.to_parquet(folder / "log.parquet")
    result.pseudo_labels.to_parquet(folder / "pseudo_labels.parquet")
    facts = {"selected_epoch": result.selected_epoch, "snapshots": [epoch for epoch, _ in result.snapshots]}
    (folder / "facts.json").write_text(json.dumps(facts))


def read_result(folder: Path) -> SelfTrainingResult:
    """Read what `write_result` wrote."""
    facts = json.loads((folder / "facts.json").read_text())
    log = pd.read_parquet(folder / "log.parquet")
    for name in log.columns[log.columns.str.startswith("marginal_")]:
        log[name] = log[name].map(list)
    return SelfTrainingResult(
        teacher=load_file(folder / "teacher.safetensors"),
        selected_epoch=facts["selected_epoch"],
        snapshots=[(epoch, load_file(folder / f"snapshot-{epoch}.safetensors")) for epoch in facts["snapshots"]],
        log=log,
        pseudo_labels=pd.read_parquet(folder / "pseudo_labels.parquet"),
    )
