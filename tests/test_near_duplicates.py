import numpy as np
import pytest
import trimesh

from crossmost.near_duplicates import near_duplicate_groups, shape_distance, shape_signature
from crossmost.sources.shapes.generator import generate_shape

THRESHOLD = 1.0


def chair(seed: int) -> trimesh.Trimesh:
    return generate_shape("chair", seed).mesh


def joined(parts: list[trimesh.Trimesh]) -> trimesh.Trimesh:
    mesh = trimesh.util.concatenate(parts)
    assert isinstance(mesh, trimesh.Trimesh)
    return mesh


def table(legs: float) -> trimesh.Trimesh:
    """A table top on four legs of the given thickness."""
    parts = [trimesh.creation.box((1.2, 0.05, 0.8)).apply_translation((0, 0.75, 0))]
    for x in (-0.5, 0.5):
        for z in (-0.3, 0.3):
            parts.append(trimesh.creation.box((legs, 0.75, legs)).apply_translation((x, 0.375, z)))
    return joined(parts)


def lopsided() -> trimesh.Trimesh:
    """A shape without mirror symmetry."""
    return joined(
        [trimesh.creation.box((2, 0.2, 1)), trimesh.creation.icosphere(radius=0.4).apply_translation((0.8, 0.5, 0.3))]
    )


def test_size_order_and_color_do_not_count() -> None:
    mesh = chair(0)
    shuffled = mesh.copy()
    shuffled.faces = mesh.faces[np.random.default_rng(0).permutation(len(mesh.faces))]
    shuffled.apply_transform(np.diag([2.0, 3.0, 0.5, 1.0]))
    shuffled.apply_translation((5, -1, 2))
    one, other = shape_signature(mesh), shape_signature(shuffled)
    assert one.sha256 == other.sha256
    assert near_duplicate_groups([one, other], 0.0).tolist() == [0, 0]


def test_a_finer_mesh_of_the_same_surface_is_a_near_duplicate() -> None:
    one, other = shape_signature(lopsided()), shape_signature(lopsided().subdivide())
    assert one.sha256 != other.sha256
    assert shape_distance(one, other) <= THRESHOLD
    assert near_duplicate_groups([one, other], THRESHOLD).tolist() == [0, 0]


def test_a_mirror_image_is_a_near_duplicate() -> None:
    mirrored = lopsided()
    mirrored.vertices *= (-1, 1, 1)
    assert near_duplicate_groups([shape_signature(lopsided()), shape_signature(mirrored)], THRESHOLD).tolist() == [0, 0]


def test_other_designs_stay_apart() -> None:
    signatures = [shape_signature(mesh) for mesh in (lopsided(), table(0.04), trimesh.creation.icosphere(), chair(1))]
    assert near_duplicate_groups(signatures, THRESHOLD).tolist() == [0, 1, 2, 3]


def test_groups_are_chains() -> None:
    legs = (0.04, 0.05, 0.06, 0.07)
    signatures = [shape_signature(table(thickness)) for thickness in legs]
    assert shape_distance(signatures[0], signatures[1]) < shape_distance(signatures[0], signatures[3])
    assert set(near_duplicate_groups(signatures, 1.2)) == {0}


def test_the_distance_is_symmetric() -> None:
    one, other = shape_signature(chair(0)), shape_signature(chair(3))
    assert shape_distance(one, other) == pytest.approx(shape_distance(other, one), rel=1e-3)


def test_flat_and_degenerate_shapes_have_signatures() -> None:
    sheet = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], [[0, 1, 2], [0, 2, 3]])
    point = trimesh.Trimesh(np.zeros((3, 3)), [[0, 1, 2]], process=False)
    signatures = [shape_signature(sheet), shape_signature(point), shape_signature(sheet)]
    assert all(np.isfinite(signature.points).all() for signature in signatures)
    assert near_duplicate_groups(signatures, THRESHOLD).tolist() == [0, 1, 0]
    assert len(near_duplicate_groups([], THRESHOLD)) == 0
