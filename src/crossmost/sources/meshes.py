"""From a raw object to what the mesh store holds."""

from __future__ import annotations

import trimesh

from crossmost.errors import UnreadableObjectError
from crossmost.near_duplicates import ShapeSignature, shape_signature
from crossmost.shards import Sample, decode_array, decode_json, encode_array, encode_json
from crossmost.sources.base import RawObject
from crossmost.sources.glb import compact_scene, to_glb


def make_mesh_sample(raw_object: RawObject) -> Sample:
    """Members `glb` (textured mesh, meters), `signature.npy` (for near-duplicates) and `json` (facts, never the label).

    Raises:
        UnreadableObjectError: if the object cannot be used.
    """
    loaded = raw_object.load()
    scene = compact_scene(loaded)
    meshes = [mesh for mesh in scene.geometry.values() if isinstance(mesh, trimesh.Trimesh)]
    if not any((mesh.area_faces > 0).any() for mesh in meshes):
        raise UnreadableObjectError("all faces of the mesh have zero area")
    signature = shape_signature(scene.to_mesh())
    facts = {
        "object_id": raw_object.object_id,
        "source": raw_object.source,
        "sha256": raw_object.sha256,
        "credit": raw_object.credit,
        "n_vertices": sum(len(mesh.vertices) for mesh in meshes),
        "n_faces": sum(len(mesh.faces) for mesh in meshes),
        "has_texture": any(has_texture(mesh) for mesh in meshes),
        "extents": [round(float(extent), 6) for extent in scene.extents],
        "geometry_sha256": signature.sha256,
        "missing_files": sorted(set(loaded.metadata.get("missing_files", []))),
    }
    return Sample(
        raw_object.object_id,
        {
            "glb": to_glb(scene),
            "json": encode_json(facts),
            "signature.npy": encode_array(signature.points),
        },
    )


def read_signature(sample: Sample) -> ShapeSignature:
    """The signature that `make_mesh_sample` stored."""
    return ShapeSignature(
        points=decode_array(sample.members["signature.npy"]),
        sha256=decode_json(sample.members["json"])["geometry_sha256"],
    )


def has_texture(mesh: trimesh.Trimesh) -> bool:
    """Whether a part made by `compact_scene` has an image."""
    return getattr(getattr(mesh.visual, "material", None), "baseColorTexture", None) is not None
