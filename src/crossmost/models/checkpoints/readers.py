"""The public checkpoint families that can be read, one module each."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from crossmost.errors import CrossmostError
from crossmost.models.checkpoints import (
    clip_files,
    crossmost_release,
    dvae,
    masked_point_modeling,
    openshape,
    ulip,
    ulip2,
    uni3d,
)
from crossmost.models.checkpoints.content import CheckpointContent
from crossmost.models.checkpoints.file import CheckpointFile, open_checkpoint
from crossmost.models.checkpoints.own import describe_own_encoders


class Reader(Protocol):
    """What a reader module offers."""

    TITLE: str

    def matches(self, file: CheckpointFile) -> bool:
        """Whether the file's keys are of this family."""

    def read(self, file: CheckpointFile) -> CheckpointContent:
        """Towers under our names; raises CrossmostError that names every key that does not fit."""


READERS: dict[str, Reader] = {
    "ulip": ulip,
    "ulip2": ulip2,
    "openshape": openshape,
    "uni3d": uni3d,
    "crossmost": crossmost_release,
    "dvae": dvae,
    "masked_point_modeling": masked_point_modeling,
    "clip": clip_files,
}


def read_checkpoint(path: Path) -> CheckpointContent:
    """Read a checkpoint of any known family; the keys tell which. A folder holds encoders of this project.

    Raises:
        MissingInputError: if there is no such file.
        CrossmostError: if the file is damaged, unsafe, of no known family, or does not fit its family.
    """
    if path.is_dir():
        return describe_own_encoders(path)
    file = open_checkpoint(path)
    reader = next((reader for reader in READERS.values() if reader.matches(file)), None)
    if reader is None:
        keys = [key for state in file.states.values() for key in state]
        raise CrossmostError(
            f"{path} is of no known family: it has {len(keys)} tensors, the first are {', '.join(keys[:4])}. "
            f"Known: {'; '.join(reader.TITLE for reader in READERS.values())}"
        )
    content = reader.read(file)
    return replace(content, description=replace(content.description, other_entries=file.other_entries))
