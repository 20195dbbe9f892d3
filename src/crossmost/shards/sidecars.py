"""The `<name>.json` beside a shard: what it was made from, and what is in it.

* `fingerprint`: of everything that the shard was made from (settings, code, and its items in order);
* `settings`: of the settings and the code alone;
* `stage`, `objects` (stored, in order), `quarantine` (object and reason);
* `samples`: by object, `item` (fingerprint of the item that it was made from) and `sha256` (`Sample.digest`); sidecars
  of older versions lack it and `settings`;
* `bytes`, `sha256`: of the tar.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def read_sidecar(folder: Path, name: str) -> dict[str, Any] | None:
    """The sidecar of a shard, or None if there is none that can be read."""
    try:
        sidecar = json.loads((folder / f"{name}.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        return None
    return sidecar if isinstance(sidecar, dict) and "fingerprint" in sidecar else None


def is_whole(folder: Path, name: str, sidecar: dict[str, Any]) -> bool:
    """Whether the shard is there and as long as its sidecar says."""
    tar = folder / f"{name}.tar"
    return tar.is_file() and tar.stat().st_size == sidecar.get("bytes")


def sample_digests(sidecar: dict[str, Any]) -> dict[str, str]:
    """Object → digest of its sample; empty for a sidecar of an older version."""
    return {key: str(about["sha256"]) for key, about in sidecar.get("samples", {}).items()}


def samples_made_from(sidecar: dict[str, Any], settings: str) -> dict[str, str]:
    """Object → fingerprint of the item that it was made from; empty if that was with other settings."""
    if sidecar.get("settings") != settings:
        return {}
    return {key: str(about["item"]) for key, about in sidecar.get("samples", {}).items()}


def write_atomically(path: Path, text: str) -> None:
    """Write under a temporary name, then rename to `path`; the text is there in full or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        temporary.write_text(text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
