"""Depth views as pictures, and where the views of a store come from."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from crossmost.errors import UnreadableObjectError
from crossmost.geometry import CadSettings, plan_clouds
from crossmost.geometry.clouds import resample_cloud
from crossmost.rendering import (
    CameraRig,
    DepthViewSettings,
    Renderer,
    ViewsFrom,
    decode_views,
    draw_depth_views,
    plan_views,
)
from crossmost.shards import (
    Sample,
    ShardStore,
    ShardWork,
    chunk_into_shards,
    decode_array,
    decode_json,
    encode_array,
    encode_json,
)
from crossmost.sources.pictures import encode_picture

RIG = CameraRig(n_views=8, image_size=48)


def surface_points(mesh: trimesh.Trimesh, n: int = 2048) -> np.ndarray:
    return np.asarray(trimesh.sample.sample_surface(mesh, n, seed=0)[0], dtype=np.float32)


@pytest.mark.parametrize("shading", ["relief", "depth"])
def test_a_cloud_is_seen_grey_on_white_like_its_mesh(shading: str) -> None:
    settings = DepthViewSettings.model_validate({"shading": shading})
    views = draw_depth_views(surface_points(trimesh.creation.box((1, 2, 1))), RIG, settings)
    assert views.shape == (8, 48, 48, 3) and views.dtype == np.uint8
    assert (np.ptp(views.astype(int), axis=-1) == 0).all()
    assert (views[:, 0, 0] == 255).all()
    object_pixels = views[..., 0] < 250
    assert object_pixels[:, 24, 24].all()
    heights = object_pixels.any(axis=2).sum(axis=1)
    np.testing.assert_allclose(heights, 0.9 * 48, atol=3)
    inside = ~np.isin(np.arange(48), [0, 1, 46, 47])
    assert views[:, inside][:, :, inside][object_pixels[:, inside][:, :, inside]].max() < 250


def test_light_comes_from_the_upper_left_as_in_renders() -> None:
    view = draw_depth_views(surface_points(trimesh.creation.icosphere(), 8192), RIG, DepthViewSettings())[0, ..., 0]
    assert int(view[14, 14]) > int(view[33, 33]) + 20


@pytest.mark.parametrize("points", [np.zeros((100, 3)), np.full((100, 3), np.nan), np.zeros((0, 3)), np.zeros((10, 2))])
def test_points_that_show_nothing_are_refused(points: np.ndarray) -> None:
    with pytest.raises(UnreadableObjectError):
        draw_depth_views(points, RIG, DepthViewSettings())


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_handful_of_points_is_no_crash(n: int) -> None:
    points = np.random.default_rng(0).random((n + 1, 3))
    assert draw_depth_views(points, RIG, DepthViewSettings()).min() < 200


class Stored:
    """Work item that carries its sample."""

    def __init__(self, key: str, members: dict[str, bytes]) -> None:
        self.key, self.members, self.fingerprint = key, members, key


def write_store(root: Path, objects: dict[str, dict[str, bytes]]) -> ShardStore:
    items = [Stored(key, {**members, "json": encode_json({})}) for key, members in objects.items()]
    work = ShardWork(
        chunk_into_shards(items, "meshes", 8), lambda item: Sample(item.key, item.members), "test", "test", n_jobs=1
    )
    return work.write(root)


def pictures(*colors: str) -> dict[str, bytes]:
    return {
        f"picture{number:02d}.jpg": encode_picture(Image.new("RGB", (64, 64), color))
        for number, color in enumerate(colors)
    }


def mesh_and_cloud() -> tuple[dict[str, bytes], dict[str, bytes]]:
    box = trimesh.creation.box()
    mesh = {"glb": bytes(trimesh.Scene(box).export(file_type="glb"))}
    return mesh, {"points.npy": encode_array(surface_points(box))}


def test_clouds_and_photographs_need_no_opengl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossmost.rendering.views.Renderer", None)
    _, cloud = mesh_and_cloud()
    store = write_store(tmp_path / "meshes", {"cloud": cloud, "scan": {**cloud, **pictures("red", "blue")}})
    cloud_views, scan_views = (decode_views(sample) for sample in plan_views(store, RIG, n_jobs=1).write(tmp_path))
    assert np.ptp(cloud_views.astype(int), axis=-1).max() == 0
    assert (scan_views[:4, 20, 20].argmax(axis=-1) == 0).all() and (scan_views[4:, 20, 20].argmax(axis=-1) == 2).all()


def test_more_pictures_than_views_are_taken_evenly(tmp_path: Path) -> None:
    _, cloud = mesh_and_cloud()
    colors = [f"rgb({10 * number}, 0, 0)" for number in range(24)]
    store = write_store(tmp_path / "meshes", {"scan": {**cloud, **pictures(*colors)}})
    (sample,) = plan_views(store, RIG, n_jobs=1).write(tmp_path)
    np.testing.assert_allclose(decode_views(sample)[:, 5, 5, 0], np.arange(0, 240, 30), atol=3)


@pytest.mark.render
@pytest.mark.parametrize(("views_from", "colored"), [("auto", {"pictured"}), ("render", set()), ("depth", set())])
def test_settings_choose_where_views_come_from(tmp_path: Path, views_from: ViewsFrom, colored: set[str]) -> None:
    mesh, cloud = mesh_and_cloud()
    store = write_store(tmp_path / "meshes", {"mesh": mesh, "pictured": {**mesh, **pictures("red")}, "cloud": cloud})
    views = {
        sample.key: decode_views(sample)
        for sample in plan_views(store, RIG, views_from=views_from, n_jobs=1).write(tmp_path)
    }
    assert {key for key, view in views.items() if np.ptp(view.astype(int), axis=-1).max() > 100} == colored
    rendered = Renderer().render(trimesh.creation.box(), RIG)
    assert bool((views["mesh"] == rendered).all()) == (views_from != "depth")


def test_stored_points_are_the_cloud_whatever_the_sensor(tmp_path: Path) -> None:
    _, cloud = mesh_and_cloud()
    colors = np.arange(3 * 2048, dtype=np.uint32).reshape(-1, 3).astype(np.uint8)
    store = write_store(tmp_path / "meshes", {"cloud": cloud, "colored": {**cloud, "colors.npy": encode_array(colors)}})
    plain, colored = plan_clouds(store, CadSettings(n_points=512), seed=0, n_jobs=1).write(tmp_path)
    assert decode_json(plain.members["json"])["kind"] == "stored"
    assert decode_array(plain.members["points.npy"]).shape == (512, 3) and "colors.npy" not in plain.members
    assert decode_array(colored.members["colors.npy"]).shape == (512, 3)


def test_every_point_is_taken_before_any_is_taken_twice() -> None:
    points = np.random.default_rng(0).random((100, 3))
    colors = np.tile(np.arange(100, dtype=np.uint8), (3, 1)).T
    resampled, taken = resample_cloud(points, colors, 250, np.random.default_rng(1))
    assert resampled.shape == (250, 3) and taken is not None
    counts = np.bincount(taken[:, 0], minlength=100)
    assert set(counts) == {2, 3}
    few, _ = resample_cloud(points, None, 40, np.random.default_rng(1))
    assert len(np.unique(few, axis=0)) == 40
