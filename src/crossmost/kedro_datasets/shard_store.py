"""An object store as a Kedro dataset: saving does the work, loading gives a handle that streams."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from crossmost.errors import CrossmostError, MissingInputError
from crossmost.shards import ShardStore, ShardWork


class ShardStoreDataset(AbstractDataset[ShardWork, ShardStore]):
    """A folder of shards.

    Args:
        filepath: The folder.
        metadata: Free information for other tools (Kedro-Viz).
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> ShardStore:
        """A read handle; objects are read when iterated.

        Raises:
            MissingInputError: if the store is absent or was left unfinished by an interrupted run.
        """
        return ShardStore(self._filepath)

    def save(self, data: ShardWork) -> None:
        """Do the described work, keeping every shard that is already right.

        Raises:
            CrossmostError: if `data` is no `ShardWork`, or the work cannot be done (full disk, dead process).
        """
        if not isinstance(data, ShardWork):
            raise CrossmostError(
                f"The object store {self._filepath} can save a ShardWork only, got {type(data).__name__}; "
                "let the node return the description of the work"
            )
        data.write(self._filepath)

    def _exists(self) -> bool:
        try:
            ShardStore(self._filepath)
        except MissingInputError:
            return False
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix()}
