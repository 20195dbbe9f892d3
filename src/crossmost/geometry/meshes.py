"""Meshes and clouds out of the object store."""

from __future__ import annotations

import io

import numpy as np
import trimesh

from crossmost.errors import UnreadableObjectError
from crossmost.shards import Sample, decode_array


def decode_mesh(sample: Sample) -> trimesh.Scene:
    """Mesh of a stored object, in the canonical frame (y up, front +z).

    Args:
        sample: an object of the `meshes` store.

    Raises:
        UnreadableObjectError: the sample has no mesh, or one without geometry.
    """
    if "glb" not in sample.members:
        raise UnreadableObjectError(f"the stored object has no mesh (members: {', '.join(sorted(sample.members))})")
    scene = trimesh.load_scene(io.BytesIO(sample.members["glb"]), file_type="glb", process=False)
    if not scene.geometry:
        raise UnreadableObjectError("the stored mesh is empty")
    return scene


def decode_points(sample: Sample) -> tuple[np.ndarray, np.ndarray | None] | None:
    """Points (N, 3) float32 and colors (N, 3) uint8 (or None) of an object stored as a cloud; None of a mesh."""
    if "points.npy" not in sample.members:
        return None
    colors = sample.members.get("colors.npy")
    return decode_array(sample.members["points.npy"]), None if colors is None else decode_array(colors)
