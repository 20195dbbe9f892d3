"""What a result was made from: parameters, data, weights, code and packages."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Container, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd
import torch
from pydantic import BaseModel

from crossmost.models.checkpoint import Checkpoint
from crossmost.shards import code_fingerprint

REPORTED_PACKAGES = ("torch", "open_clip_torch", "numpy", "pandas", "kedro", "pyrender", "trimesh", "plotly")
DIGITS = 16
"""Hex digits shown of a SHA-256."""


def shortened(digest: str) -> str:
    """The first digits of a SHA-256, as the report prints it."""
    return digest[:DIGITS]


def flat_parameters(parameters: Mapping[str, Any], pipelines: Container[str]) -> dict[str, str]:
    """Parameters of some pipelines as `pipeline.name` -> text, sorted; entries outside a pipeline are left out."""
    flat: dict[str, str] = {}
    for pipeline, values in parameters.items():
        if pipeline not in pipelines:
            continue
        if isinstance(values, BaseModel):
            values = values.model_dump(mode="json")
        if isinstance(values, Mapping):
            _flatten(pipeline, values, flat)
    return dict(sorted(flat.items()))


def _flatten(prefix: str, values: Mapping[str, Any], flat: dict[str, str]) -> None:
    for name, value in values.items():
        if isinstance(value, BaseModel):
            value = value.model_dump(mode="json")
        if isinstance(value, Mapping) and value:
            _flatten(f"{prefix}.{name}", value, flat)
        else:
            flat[f"{prefix}.{name}"] = str(value)


def data_fingerprint(objects: pd.DataFrame) -> str:
    """Sixteen hex digits over the ids, splits and content hashes of all objects, in any order."""
    rows = objects[["object_id", "split", "sha256"]].astype(str).sort_values("object_id")
    return shortened(hashlib.sha256(rows.to_csv(index=False).encode()).hexdigest())


def weights_fingerprint(checkpoint: Checkpoint) -> str:
    """Sixteen hex digits over names, types, shapes and values of all weights."""
    digest = hashlib.sha256()
    for name, tensor in sorted(checkpoint.tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return shortened(digest.hexdigest())


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    versions = {"python": platform.python_version()}
    for package in REPORTED_PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def package_fingerprint() -> str:
    """Sixteen hex digits over the source of this package: results of equal code can be told from others."""
    return shortened(code_fingerprint("crossmost"))
