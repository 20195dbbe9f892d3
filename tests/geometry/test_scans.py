"""A simulated scan sees what a depth sensor sees: the near side, with noise, on a floor."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from crossmost.errors import UnreadableObjectError
from crossmost.geometry import CadSettings, ScanSettings, capture_cloud, simulate_scan
from crossmost.geometry.sampling import draw_surface_points
from crossmost.geometry.scans import CLUTTER, estimate_normals, sensor_positions, visible_points

CLEAN = ScanSettings(noise=0.0, clutter_share=0.0, n_viewpoints=(1,))
SPHERE = trimesh.creation.icosphere(4)


def sphere_points(n: int = 24_000) -> np.ndarray:
    points = np.random.default_rng(0).normal(size=(n, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.mark.parametrize("n", [2_048, 24_000])
@pytest.mark.parametrize("distance", [2.0, 4.0])
def test_only_the_near_cap_of_a_sphere_is_visible(n: int, distance: float) -> None:
    points = sphere_points(n)
    direction = np.array([0.6, 0.3, 0.74])
    direction /= np.linalg.norm(direction)
    seen = visible_points(points, points, direction * distance)
    height = points @ direction  # a tangent from the sensor touches the sphere at height 1 / distance
    assert not seen[height < 1 / distance - 0.3].any()
    assert seen[height > 1 / distance + 0.15].mean() > 0.99


@settings(max_examples=30, deadline=None)
@given(elevation=st.floats(5, 60), azimuth=st.floats(0, 360))
def test_a_plate_is_seen_even_at_a_low_angle_and_hides_what_is_below(elevation: float, azimuth: float) -> None:
    rng = np.random.default_rng(0)
    plate = rng.uniform(-0.7, 0.7, (12_000, 3)) * [1, 0, 1]
    below = rng.uniform(-0.15, 0.15, (2_000, 3)) * [1, 0, 1] - [0, 0.1, 0]
    angle, height = np.radians(azimuth), np.radians(elevation)
    sensor = 3 * np.array([np.cos(height) * np.sin(angle), np.sin(height), np.cos(height) * np.cos(angle)])
    up = np.tile([0.0, 1.0, 0.0], (14_000, 1))
    seen = visible_points(np.concatenate([plate, below]), up, sensor)
    assert seen[:12_000].mean() > 0.97
    if elevation > 8:
        assert seen[12_000:].mean() < 0.02


def test_a_wall_hides_what_stands_behind_it() -> None:
    rng = np.random.default_rng(0)
    wall = np.column_stack([rng.uniform(-0.6, 0.6, (12_000, 2)), np.full(12_000, 0.4)])
    behind = rng.uniform(-0.3, 0.3, (8_000, 3)) * [1, 1, 0.5] - [0, 0, 0.3]
    normals = np.tile([0.0, 0.0, 1.0], (20_000, 1))
    seen = visible_points(np.concatenate([wall, behind]), normals, np.array([0.2, 0.3, 3.0]))
    assert seen[:12_000].all()
    assert seen[12_000:].mean() < 0.01


def test_estimated_normals_stand_on_the_surface() -> None:
    points = sphere_points(3_000)
    assert np.abs((estimate_normals(points) * points).sum(axis=1)).mean() > 0.97


def test_a_scan_misses_what_its_viewpoints_do_not_see() -> None:
    """The scan of a sphere from one viewpoint is a cap: its points do not surround their center."""
    for seed in range(5):
        scan = simulate_scan(SPHERE, np.random.default_rng(seed), CLEAN)
        center, *_ = np.linalg.lstsq(np.c_[2 * scan, np.ones(len(scan))], (scan**2).sum(axis=1), rcond=None)
        directions = scan - center[:3]
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        assert np.linalg.norm(directions.mean(axis=0)) > 0.5


def test_two_opposite_viewpoints_see_more_than_one() -> None:
    def coverage(count: int) -> float:
        scan_settings = ScanSettings(
            noise=0, clutter_share=0, n_viewpoints=(count,), spread=(180, 180), elevation=(5, 5)
        )
        scan = simulate_scan(SPHERE, np.random.default_rng(0), scan_settings)
        return float(np.prod(np.sort(np.linalg.eigvalsh(np.cov(scan.T)))))

    assert coverage(2) > 2 * coverage(1)


def test_sensors_stand_at_eye_height_and_apart() -> None:
    scan_settings = ScanSettings(n_viewpoints=(2,))
    for seed in range(50):
        sensors = sensor_positions(np.random.default_rng(seed), scan_settings)
        distance = np.linalg.norm(sensors, axis=1)
        assert (distance >= 2.5).all() and (distance <= 4).all()
        elevation = np.degrees(np.arcsin(sensors[:, 1] / distance))
        assert (elevation >= 5 - 1e-9).all() and (elevation <= 35 + 1e-9).all()
        azimuth = np.degrees(np.arctan2(sensors[:, 0], sensors[:, 2]))
        apart = abs((azimuth[0] - azimuth[1] + 180) % 360 - 180)
        assert 60 - 1e-6 <= apart <= 180 + 1e-6


def test_floor_and_background_take_their_share() -> None:
    """A box that floats above its own floor by nothing: clutter is what lies outside the box."""
    tall = trimesh.creation.box((0.4, 2.0, 0.4))
    share = 0.25
    scan_settings = ScanSettings(noise=0, clutter_share=share, floor_share=1.0)
    scan = simulate_scan(tall, np.random.default_rng(1), scan_settings)
    lowest = scan[:, 1].min()
    on_floor = (scan[:, 1] < lowest + 1e-4).mean()
    assert on_floor == pytest.approx(share, abs=0.03)  # a few points of the box itself are as low


def test_noise_has_the_scale_asked_for() -> None:
    """Points of a flat plate leave its plane by the noise, measured in radii."""
    plate = trimesh.creation.box((2, 2, 1e-6))
    for noise in (0.005, 0.015, 0.05):
        scan_settings = ScanSettings(noise=noise, clutter_share=0, n_viewpoints=(1,), n_points=8_000)
        scan = simulate_scan(plate, np.random.default_rng(0), scan_settings)
        spread = np.sqrt(np.linalg.eigvalsh(np.cov(scan.T))[0])
        assert spread == pytest.approx(noise, rel=0.25)


def test_noise_goes_in_all_directions() -> None:
    clean, noisy = (
        simulate_scan(SPHERE, np.random.default_rng(0), CLEAN.model_copy(update={"noise": noise}))
        for noise in (0.0, 0.01)
    )
    least, _, most = np.linalg.eigvalsh(np.cov((noisy - clean).T))
    assert least > 0.5 * most


def test_background_stands_behind_the_object() -> None:
    colored = trimesh.creation.icosphere(4)
    colored.visual.face_colors = [255, 0, 0, 255]
    only_background = ScanSettings(noise=0, clutter_share=0.3, floor_share=0, n_viewpoints=(1,))
    for seed in range(5):
        scan, colors = capture_cloud(colored, np.random.default_rng(seed), only_background)
        assert colors is not None
        is_background = (colors == CLUTTER).all(1)
        assert is_background.mean() == pytest.approx(0.3, abs=0.001)
        seen = scan[~is_background]
        center, *_ = np.linalg.lstsq(np.c_[2 * seen, np.ones(len(seen))], (seen**2).sum(axis=1), rcond=None)
        away = (center[:3] - seen.mean(axis=0)) * [1, 0, 1]  # from the sensor, level
        radius = np.linalg.norm(seen[0] - center[:3])
        depth = (scan[is_background] - center[:3]) @ (away / np.linalg.norm(away)) / radius
        assert (depth > 0.9).all() and (depth < 1.3).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.floats(1e-3, 1e3))
def test_a_scan_is_normalized_and_repeatable(seed: int, scale: float) -> None:
    chair = trimesh.util.concatenate(
        [
            trimesh.creation.box((1, 0.1, 1)),
            trimesh.creation.box((1, 1, 0.1)).apply_translation((0, 0.5, -0.5)),
            trimesh.creation.box((0.1, 0.8, 0.1)).apply_translation((0, -0.4, 0)),
        ]
    ).apply_scale(scale)
    scan = simulate_scan(chair, np.random.default_rng(seed), ScanSettings())
    assert scan.shape == (2048, 3) and scan.dtype == np.float32
    assert np.abs(scan.mean(axis=0)).max() < 1e-5
    assert np.linalg.norm(scan, axis=1).max() == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(scan, simulate_scan(chair, np.random.default_rng(seed), ScanSettings()))


def test_a_plain_cloud_can_be_scanned() -> None:
    points = draw_surface_points(trimesh.creation.box((1, 2, 3)), 8_000, np.random.default_rng(0)).points
    scan = simulate_scan(points, np.random.default_rng(0), CLEAN)
    assert scan.shape == (2048, 3)
    # From one viewpoint three faces of a box are visible at most.
    assert len(np.unique(scan, axis=0)) > 1_500


def test_a_small_cloud_is_repeated_up_to_the_size_asked_for() -> None:
    points = np.random.default_rng(0).normal(size=(100, 3))
    assert simulate_scan(points, np.random.default_rng(0), ScanSettings()).shape == (2048, 3)


def test_cad_is_the_whole_surface() -> None:
    cloud, _ = capture_cloud(SPHERE, np.random.default_rng(0), CadSettings(n_points=4_096))
    np.testing.assert_allclose(np.linalg.norm(cloud, axis=1), 1, atol=0.06)
    assert (cloud > 0).mean() == pytest.approx(0.5, abs=0.03)


def test_an_empty_mesh_is_refused() -> None:
    with pytest.raises(UnreadableObjectError):
        simulate_scan(trimesh.Trimesh(), np.random.default_rng(0), ScanSettings())


@pytest.mark.parametrize(
    "values",
    [
        {"distance": (1.0, 2.0)},
        {"n_viewpoints": (0,)},
        {"n_viewpoints": ()},
        {"elevation": (-5, 20)},
        {"noise": -1},
        {"distance": (4.0, 2.5)},
        {"elevation": (5, 90)},
        {"elevation": (35, 5)},
    ],
)
def test_impossible_sensors_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ScanSettings.model_validate(values)
