"""Meshes out of the object store."""

from __future__ import annotations

import io

import trimesh

from crossmost.errors import UnreadableObjectError
from crossmost.shards import Sample


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
