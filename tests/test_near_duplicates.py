import hashlib
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import trimesh

from crossmost import near_duplicates
from crossmost.kedro_datasets import ShardStoreDataset
from crossmost.near_duplicates import ShapeSignature, near_duplicate_groups, shape_distance, shape_signature
from crossmost.sources import read_signature
from crossmost.sources.shapes.generator import CLASSES, generate_shape

DEFAULT_DATA = Path(__file__).parents[1] / "data/02_intermediate"

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


def procedural_signatures(per_class: int) -> list[ShapeSignature]:
    return [shape_signature(generate_shape(name, seed).mesh) for seed in range(per_class) for name in CLASSES]


def test_the_search_finds_what_comparing_every_pair_finds() -> None:
    signatures = procedural_signatures(7)
    shapes = [near_duplicates._Shape(signature) for signature in signatures]
    group = list(range(len(signatures)))
    for i, j in combinations(range(len(signatures)), 2):
        if group[i] != group[j] and near_duplicates._is_near(shapes[i], shapes[j], THRESHOLD):
            group = [group[i] if number == group[j] else number for number in group]
    expected = pd.factorize(np.array(group))[0]
    assert 1 < len(set(expected)) < len(signatures)
    assert near_duplicate_groups(signatures, THRESHOLD).tolist() == expected.tolist()


def test_close_comparisons_grow_with_the_objects_not_with_their_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    whole = near_duplicates._is_near

    def counted(*arguments: object) -> bool:
        nonlocal compared
        compared += 1
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(near_duplicates, "_is_near", counted)
    # Slabs of every proportion are one shape here; their tops differ a little, so that no geometry is equal.
    slab = shape_signature(trimesh.creation.box())
    jitter = np.random.default_rng(0).normal(scale=0.002, size=(200, *slab.points.shape))
    crowd = [
        ShapeSignature((slab.points + offset).astype(np.float16), f"{number}") for number, offset in enumerate(jitter)
    ]
    assert set(near_duplicate_groups(crowd, THRESHOLD)) == {0}
    assert compared <= 2 * len(crowd)
    assert len(near_duplicates._candidates(crowd)) <= 64 * len(crowd)


@pytest.mark.skipif(not (DEFAULT_DATA / "meshes").is_dir(), reason="needs the ingested default data")
def test_groups_of_the_default_data_are_those_of_a_search_over_all_pairs() -> None:
    objects = pd.read_parquet(DEFAULT_DATA / "objects.parquet").query("status == 'ok'")
    store = ShardStoreDataset(filepath=str(DEFAULT_DATA / "meshes")).load()
    signatures = {sample.key: read_signature(sample) for sample in store}
    groups = near_duplicate_groups([signatures[object_id] for object_id in objects["object_id"]], THRESHOLD)
    assert (len(groups), len(set(groups))) == (366, 333)
    # Of the numbers that an exhaustive search found.
    digest = hashlib.sha256(",".join(map(str, groups)).encode()).hexdigest()
    assert digest == "dbae126cadfd2a3545b0369ede23ee3943fe0e285dd0ff44e0277f1100c8b192"
