"""The procedural shapes: every class and sub-type can be drawn, reproducibly, on the ground and captioned."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmost.errors import CrossmostError
from crossmost.sources.shapes.builder import ShapeBuilder
from crossmost.sources.shapes.generator import CLASSES, GeneratedShape, generate_shape
from crossmost.sources.shapes.palette import METAL, WOOD, pick

EXPECTED_CLASSES = [
    "cabinet",
    "chair",
    "sofa",
    "stool",
    "lamp",
    "table",
    "bed",
    "person",
    "car",
    "bicycle",
    "door",
    "window",
    "tree",
    "plant",
    "bottle",
    "cup",
]
SUB_TYPES = [(class_name, sub_type) for class_name, sub_types in CLASSES.items() for sub_type in sub_types]
MAX_FACES = 12_000
MAX_EXTENT = 40.0


def face_colors(mesh: trimesh.Trimesh) -> np.ndarray:
    assert isinstance(mesh.visual, trimesh.visual.ColorVisuals)
    return np.asarray(mesh.visual.face_colors)


def assert_sound(shape: GeneratedShape) -> None:
    """What every later stage relies on."""
    mesh = shape.mesh
    assert len(mesh.faces) > 0
    assert len(mesh.faces) <= MAX_FACES
    assert np.isfinite(mesh.vertices).all()
    assert mesh.faces.min() >= 0
    assert mesh.faces.max() < len(mesh.vertices)
    assert mesh.area > 1e-4
    assert mesh.bounds[0][1] == pytest.approx(0.0, abs=1e-6)
    assert (mesh.extents > 1e-3).all()
    assert (mesh.extents < MAX_EXTENT).all()
    colors = face_colors(mesh)
    assert colors.shape == (len(mesh.faces), 4)
    assert (colors[:, 3] == 255).all()


def test_classes_are_in_logit_order() -> None:
    assert list(CLASSES) == EXPECTED_CLASSES


@pytest.mark.parametrize(("class_name", "sub_type"), SUB_TYPES)
def test_every_sub_type_draws_sound_objects(class_name: str, sub_type: str) -> None:
    for seed in range(6):
        shape = generate_shape(class_name, seed, sub_type)
        assert (shape.class_name, shape.sub_type) == (class_name, sub_type)
        assert_sound(shape)


@pytest.mark.parametrize(("class_name", "sub_type"), SUB_TYPES)
def test_seed_decides_the_object(class_name: str, sub_type: str) -> None:
    first, again = (generate_shape(class_name, 5, sub_type) for _ in range(2))
    other = generate_shape(class_name, 6, sub_type)
    assert np.array_equal(first.mesh.vertices, again.mesh.vertices)
    assert np.array_equal(face_colors(first.mesh), face_colors(again.mesh))
    assert first.captions == again.captions
    same_size = first.mesh.vertices.shape == other.mesh.vertices.shape
    assert not (same_size and np.allclose(first.mesh.vertices, other.mesh.vertices))


@settings(max_examples=120, deadline=None)
@given(class_name=st.sampled_from(EXPECTED_CLASSES), seed=st.integers(min_value=0, max_value=2**63 - 1))
def test_any_seed_draws_a_sound_captioned_object(class_name: str, seed: int) -> None:
    shape = generate_shape(class_name, seed)
    assert_sound(shape)
    assert shape.sub_type in CLASSES[class_name]
    assert any(class_name in caption for caption in shape.captions)
    assert any(shape.color_name in caption and shape.sub_type in caption for caption in shape.captions)
    assert all(caption.startswith(("a ", "an ")) for caption in shape.captions)
    assert len(set(shape.captions)) == len(shape.captions)


@pytest.mark.parametrize("class_name", EXPECTED_CLASSES)
def test_sub_types_are_all_drawn_when_none_is_asked_for(class_name: str) -> None:
    drawn = {generate_shape(class_name, seed).sub_type for seed in range(150)}
    assert drawn == set(CLASSES[class_name])


def test_seed_gives_unrelated_classes_unrelated_proportions() -> None:
    ratios = {tuple(np.round(generate_shape("table", seed).mesh.extents, 3)) for seed in range(30)}
    assert len(ratios) == 30


@pytest.mark.parametrize(
    ("class_name", "seed", "sub_type", "part"),
    [("spoon", 0, None, "spoon"), ("chair", 0, "throne", "throne"), ("chair", -1, None, "-1")],
)
def test_unknown_requests_say_what_is_allowed(class_name: str, seed: int, sub_type: str | None, part: str) -> None:
    with pytest.raises(CrossmostError, match=part):
        generate_shape(class_name, seed, sub_type)


@pytest.mark.parametrize("sections", [3, 8, 20])
def test_solids_of_the_builder_are_closed_and_point_outwards(sections: int) -> None:
    def volume(draw: ShapeBuilder) -> float:
        mesh = draw.build()
        mesh.merge_vertices()
        assert mesh.is_watertight
        return float(mesh.volume)

    bar, drum, box, cushion, sheet, prism = (ShapeBuilder() for _ in range(6))
    bar.taper((0, 0, 0), (1, 2, 3), 0.1, 0.2, (1, 2, 3), sections)
    drum.cylinder(0.5, 1.0, (1, 2, 3), sections=sections)
    box.box((1, 2, 3), (1, 2, 3))
    cushion.cushion((1, 2, 3), (1, 2, 3), softness=0.3)
    sheet.surface(np.array([[(x, 0.0, z) for x in (0, 1, 2)] for z in (0, 1, 2)], dtype=float), (1, 2, 3), 0.1)
    prism.extrude_convex([(0, 0), (1, 0), (1, 1), (0, 1)], 2.0, (1, 2, 3))
    assert volume(bar) > 0
    area = sections / 2 * np.sin(2 * np.pi / sections) * 0.25
    assert volume(drum) == pytest.approx(area)
    assert volume(box) == pytest.approx(6.0)
    assert 4.5 < volume(cushion) < 6.0
    assert volume(sheet) == pytest.approx(0.4)
    assert volume(prism) == pytest.approx(2.0)


@given(seed=st.integers(0, 1000))
def test_picked_colors_are_named_and_near_their_palette(seed: int) -> None:
    name, color = pick(np.random.default_rng(seed), WOOD, METAL)
    reference = {**WOOD, **METAL}[name]
    assert max(abs(a - b) for a, b in zip(color, reference, strict=True)) < 80
    assert all(0 <= channel <= 255 for channel in color)
