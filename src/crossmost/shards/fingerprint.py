"""Fingerprints decide whether stored work is still valid: same inputs, settings, code → same fingerprint."""

from __future__ import annotations

import hashlib
import importlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel


def fingerprint(*parts: Any) -> str:
    """SHA-256 (hex) of JSON-like values, pydantic models, paths and bytes; the same on every machine.

    Raises:
        TypeError: for a value that has no stable text (e.g. a function).
    """
    text = json.dumps(parts, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def code_fingerprint(*modules: str) -> str:
    """SHA-256 (hex) of the source of modules, given by dotted name; a package counts with all its files.

    Put it into a settings fingerprint, so that an edit of the code that makes an artifact makes it anew.
    """
    digest = hashlib.sha256()
    for name in modules:
        location = importlib.import_module(name).__file__
        if location is None:
            raise TypeError(f"{name} has no source file")
        path = Path(location)
        for file in sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]:
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"cannot fingerprint {type(value).__name__} {value!r}")
