"""From a store of meshes to stores of views and clouds, contact sheets and the quarantine table."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from trimesh.visual.material import SimpleMaterial
from trimesh.visual.texture import TextureVisuals

from crossmost.errors import CrossmostError, MissingInputError, UnreadableObjectError
from crossmost.geometry import CadSettings, ScanSettings, decode_mesh, plan_clouds
from crossmost.rendering import (
    CameraRig,
    contact_sheet,
    decode_view,
    decode_views,
    encode_view,
    plan_views,
    render_quarantine_table,
)
from crossmost.shards import Sample, ShardStore, ShardWork, chunk_into_shards, decode_array, decode_json

pytestmark = pytest.mark.render

RIG = CameraRig(n_views=8, image_size=32)


class StoredMesh:
    """Work item that carries its glb."""

    def __init__(self, key: str, glb: bytes | None) -> None:
        self.key, self.glb, self.fingerprint = key, glb, key


def store_mesh(item: StoredMesh) -> Sample:
    return Sample(item.key, {"json": b"{}"} if item.glb is None else {"glb": item.glb, "json": b"{}"})


def boxes() -> list[StoredMesh]:
    items = []
    for index, color in enumerate([(220, 20, 20), (20, 200, 20), (20, 20, 220)]):
        box = trimesh.creation.box((1, 1 + index, 1))
        box.visual = TextureVisuals(material=SimpleMaterial(diffuse=[*color, 255]))
        items.append(StoredMesh(f"box-{index}", trimesh.Scene([box]).export(file_type="glb")))
    return items


def write_meshes(root: Path, items: list[StoredMesh], per_shard: int = 2) -> ShardStore:
    jobs = chunk_into_shards(items, "meshes", per_shard)
    return ShardWork(jobs, store_mesh, "test", "preparing meshes", n_jobs=1).write(root)


@pytest.fixture(scope="module")
def meshes(tmp_path_factory: pytest.TempPathFactory) -> ShardStore:
    return write_meshes(tmp_path_factory.mktemp("meshes"), boxes())


def contents(store: ShardStore) -> dict[str, dict[str, bytes]]:
    return {sample.key: dict(sample.members) for sample in store}


def test_a_picture_survives_its_encoding() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    np.testing.assert_array_equal(decode_view(encode_view(picture)), picture)


def test_views_of_a_store(meshes: ShardStore, tmp_path: Path) -> None:
    store = plan_views(meshes, RIG, n_jobs=1).write(tmp_path)
    assert store.object_ids() == ["box-0", "box-1", "box-2"]
    for channel, sample in enumerate(store):
        views = decode_views(sample)
        assert views.shape == (8, 32, 32, 3) and views.dtype == np.uint8
        assert (views[:, 16, 16].argmax(axis=-1) == channel).all()
        assert decode_json(sample.members["json"])["n_views"] == 8


def test_worker_processes_give_the_same_bytes(meshes: ShardStore, tmp_path: Path) -> None:
    """Two spawned processes, shards in any order: nothing changes."""
    rig = CameraRig(n_views=8, image_size=32, azimuth_jitter=20)
    for plan in (
        lambda n_jobs: plan_views(meshes, rig, n_jobs=n_jobs),
        lambda n_jobs: plan_clouds(meshes, ScanSettings(surface_points=2_000), seed=3, n_jobs=n_jobs),
    ):
        name = plan(1).stage.replace(" ", "-")
        one = contents(plan(1).write(tmp_path / f"{name}-one"))
        assert one == contents(plan(2).write(tmp_path / f"{name}-two"))


def test_clouds_of_a_store(meshes: ShardStore, tmp_path: Path) -> None:
    for settings in (CadSettings(n_points=256), ScanSettings(n_points=256, surface_points=2_000)):
        store = plan_clouds(meshes, settings, seed=0, n_jobs=1).write(tmp_path / settings.kind)
        for sample in store:
            cloud = decode_array(sample.members["points.npy"])
            assert cloud.shape == (256, 3) and cloud.dtype == np.float32
            assert np.linalg.norm(cloud, axis=1).max() == pytest.approx(1, abs=1e-5)
            assert decode_json(sample.members["json"])["kind"] == settings.kind


def test_an_object_that_sorts_first_is_all_that_is_made(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def make(folder: Path, items: list[StoredMesh]) -> list[bytes]:
        meshes = write_meshes(folder / "meshes", items)
        plans = plan_views(meshes, RIG, n_jobs=1), plan_clouds(meshes, CadSettings(n_points=64), seed=0, n_jobs=1)
        return [path.read_bytes() for plan in plans for path in plan.write(folder / plan.stage).shard_paths]

    first, *others = boxes()
    make(tmp_path / "store", others)
    caplog.clear()
    with caplog.at_level("INFO", logger="crossmost.shards"):
        updated = make(tmp_path / "store", [first, *others])
    assert [record.message.count("; 1 made now") for record in caplog.records] == [1, 1, 1]
    assert updated == make(tmp_path / "new", [first, *others])


def test_settings_and_seed_make_a_new_fingerprint(meshes: ShardStore) -> None:
    works = [
        plan_views(meshes, RIG),
        plan_views(meshes, RIG.model_copy(update={"fill_share": 0.8})),
        plan_views(meshes, RIG, supersampling=1),
        plan_views(meshes, RIG, seed=1),
        plan_clouds(meshes, ScanSettings(), seed=0),
        plan_clouds(meshes, ScanSettings(), seed=1),
        plan_clouds(meshes, ScanSettings(noise=0.02), seed=0),
        plan_clouds(meshes, CadSettings(), seed=0),
    ]
    assert len({work.settings_fingerprint for work in works}) == len(works)
    assert plan_views(meshes, RIG).settings_fingerprint == works[0].settings_fingerprint


def test_an_unusable_mesh_is_quarantined_and_too_many_stop_the_run(tmp_path: Path) -> None:
    items = [*boxes(), StoredMesh("hollow", None), StoredMesh("garbled", b"glTF, but not really")]
    meshes = write_meshes(tmp_path / "meshes", items)
    views = plan_views(meshes, RIG, n_jobs=1).write(tmp_path / "views")
    clouds = plan_clouds(meshes, CadSettings(), seed=0, n_jobs=1).write(tmp_path / "clouds")
    table = render_quarantine_table(views, clouds, max_share=0.5)
    assert list(table.columns) == ["object_id", "stage", "reason"]
    assert sorted(table["object_id"]) == ["garbled", "garbled", "hollow", "hollow"]
    assert set(table["stage"]) == {"rendering views", "capturing clouds"}
    assert len(views) == len(clouds) == 3
    with pytest.raises(CrossmostError, match=r"2 of 5 objects failed while rendering views(.|\n)*max_quarantine_share"):
        render_quarantine_table(views, clouds, max_share=0.3)


def test_no_failure_is_an_empty_table(meshes: ShardStore, tmp_path: Path) -> None:
    views = plan_views(meshes, RIG, n_jobs=1).write(tmp_path)
    table = render_quarantine_table(views, views, max_share=0.0)
    assert table.empty and list(table.columns) == ["object_id", "stage", "reason"]


def test_a_sample_without_mesh_says_so() -> None:
    with pytest.raises(UnreadableObjectError, match="no mesh"):
        decode_mesh(Sample("a", {"json": b"{}"}))
    with pytest.raises(MissingInputError, match="no views"):
        decode_views(Sample("a", {"json": b"{}"}))


def test_a_contact_sheet_shows_each_object_with_its_caption(meshes: ShardStore, tmp_path: Path) -> None:
    store = plan_views(meshes, RIG, n_jobs=1).write(tmp_path)
    ids = ["box-2", "box-0", "box-1"]
    sheet = contact_sheet(store, ids, columns=2, view_indices=(0, 9), captions={"box-0": "a red box " * 20})
    assert isinstance(sheet, Image.Image)
    pixels = np.asarray(sheet)
    cell_height, cell_width = pixels.shape[0] // 2, pixels.shape[1] // 2
    assert cell_width >= 64 and cell_height > 32
    first = pixels[4 + 16, 4 + 16].astype(int)
    assert first.argmax() == 2  # blue comes first
    assert pixels[cell_height + 20, 20].argmax() == 1  # green starts the second row
    assert (pixels[38:cell_height].min(axis=-1) < 120).any()  # there is text
    with pytest.raises(MissingInputError, match="box-9"):
        contact_sheet(store, ["box-9"])
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet(store, [])
