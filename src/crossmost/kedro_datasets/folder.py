"""A folder of raw data: loads to its path."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from crossmost.errors import CrossmostError, MissingInputError
from crossmost.sources.file_tree import files_below


class FolderDataset(AbstractDataset[Path, Path]):
    """A folder that people or `make data` fill; nodes get its path and read what they need.

    Args:
        filepath: The folder.
        metadata: `crossmost: {made_by: ..., optional: ...}`: how to fill the folder, for the message when it is
            empty; whether it may be empty.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata
        ours = (metadata or {}).get("crossmost", {})
        self._made_by: str | None = ours.get("made_by")
        self._optional: bool = ours.get("optional", False)

    def load(self) -> Path:
        """The folder's path.

        Raises:
            MissingInputError: if the folder is empty or absent, and not optional.
        """
        if not self._optional and not self._exists():
            advice = f": {self._made_by}" if self._made_by else ""
            raise MissingInputError(f"There is no raw data in {self._filepath}{advice}")
        return self._filepath

    def save(self, data: Path) -> None:
        """Refused: raw data is never written by a pipeline."""
        raise CrossmostError(f"The raw folder {self._filepath} is read-only for pipelines (asked to save {data!r})")

    def _exists(self) -> bool:
        return self._filepath.is_dir() and any(path.is_file() for path in files_below(self._filepath))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix()}
