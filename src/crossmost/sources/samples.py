"""From a raw object to what the object store of ingestion holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import trimesh

from crossmost.errors import UnreadableObjectError
from crossmost.near_duplicates import ShapeSignature, cloud_signature, shape_signature
from crossmost.shards import Sample, decode_array, decode_json, encode_array, encode_json
from crossmost.sources.base import PointCloud, RawObject
from crossmost.sources.frames import Frame
from crossmost.sources.glb import compact_scene, to_glb
from crossmost.sources.pictures import encode_picture
from crossmost.sources.point_clouds import canonical_cloud


def make_object_sample(raw_object: RawObject) -> Sample:
    """What is stored of an object, y up and front +z.

    Members: of a mesh `glb` (textured, meters); of a cloud `points.npy` (N, 3) float32 and, if it has colors,
    `colors.npy` (N, 3) uint8; of both `signature.npy` (for near-duplicates), `picture00.jpg` … (if the source has
    pictures of it) and `json` (facts, never the label). Nothing of it tells the name of a file: a stored object stays
    as it is when its file is renamed.

    Raises:
        UnreadableObjectError: if the object cannot be used.
    """
    loaded = raw_object.load()
    if isinstance(loaded, PointCloud):
        members, facts, signature = _cloud(loaded, raw_object.frame)
    else:
        members, facts, signature = _mesh(loaded, raw_object.frame)
    for number, picture in enumerate(raw_object.pictures()):
        members[f"picture{number:02d}.jpg"] = encode_picture(picture)
    facts |= {
        "object_id": raw_object.object_id,
        "sha256": raw_object.sha256,
        "credit": raw_object.credit,
        "geometry_sha256": signature.sha256,
    }
    members |= {"json": encode_json(facts), "signature.npy": encode_array(signature.points)}
    return Sample(raw_object.object_id, members)


def read_signature(sample: Sample) -> ShapeSignature:
    """The signature that `make_object_sample` stored."""
    return ShapeSignature(
        points=decode_array(sample.members["signature.npy"]),
        sha256=decode_json(sample.members["json"])["geometry_sha256"],
    )


def has_texture(mesh: trimesh.Trimesh) -> bool:
    """Whether a part made by `compact_scene` has an image."""
    return getattr(getattr(mesh.visual, "material", None), "baseColorTexture", None) is not None


_Parts = tuple[dict[str, bytes], dict[str, Any], ShapeSignature]


def _mesh(loaded: trimesh.Scene, frame: Frame) -> _Parts:
    if not frame.is_canonical:
        turn = np.eye(4)
        turn[:3, :3] = frame.rotation()
        loaded.apply_transform(turn)
    scene = compact_scene(loaded)
    meshes = [mesh for mesh in scene.geometry.values() if isinstance(mesh, trimesh.Trimesh)]
    if not any((mesh.area_faces > 0).any() for mesh in meshes):
        raise UnreadableObjectError("all faces of the mesh have zero area")
    facts = {
        "n_vertices": sum(len(mesh.vertices) for mesh in meshes),
        "n_faces": sum(len(mesh.faces) for mesh in meshes),
        "has_texture": any(has_texture(mesh) for mesh in meshes),
        "extents": _rounded(scene.extents),
        "missing_files": sorted(set(loaded.metadata.get("missing_files", []))),
    }
    return {"glb": to_glb(scene)}, facts, shape_signature(scene.to_mesh())


def _cloud(loaded: PointCloud, frame: Frame) -> _Parts:
    cloud = canonical_cloud(loaded, frame)
    members = {"points.npy": encode_array(cloud.points)}
    if cloud.colors is not None:
        members["colors.npy"] = encode_array(cloud.colors)
    facts = {
        "n_vertices": len(cloud.points),
        "n_faces": 0,
        "has_texture": cloud.colors is not None,
        "extents": _rounded(np.ptp(cloud.points, axis=0)),
        "missing_files": [],
    }
    return members, facts, cloud_signature(cloud.points)


def _rounded(extents: np.ndarray) -> list[float]:
    return [round(float(extent), 6) for extent in extents]
