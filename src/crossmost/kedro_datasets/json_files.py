"""A folder of JSON documents that people may fill: absent or empty is no error."""

import json
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from crossmost.errors import CrossmostError


class JsonFilesDataset(AbstractDataset[dict[str, Any], dict[str, Any]]):
    """The `*.json` files of a folder, by file name without ending; read-only for pipelines.

    Args:
        filepath: The folder.
        metadata: Free information for other tools (Kedro-Viz).
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> dict[str, Any]:
        """The documents, sorted by name.

        Raises:
            CrossmostError: if a file is no JSON.
        """
        documents = {}
        for path in sorted(self._filepath.glob("*.json")):
            try:
                documents[path.stem] = json.loads(path.read_text(encoding="utf-8"))
            except (json.JSONDecodeError, UnicodeDecodeError) as error:
                raise CrossmostError(f"{path} is no JSON ({error}): replace it or remove it") from error
        return documents

    def save(self, data: dict[str, Any]) -> None:
        """Refused: people put the files there."""
        raise CrossmostError(f"The folder {self._filepath} is read-only for pipelines (asked to save {list(data)})")

    def _exists(self) -> bool:
        return self._filepath.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix()}
