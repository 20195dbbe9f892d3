"""Every published layout: names, order, split, axes, pictures, and what is said when something is missing."""

import json
import logging
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from crossmost.errors import CrossmostError, MissingInputError, UnreadableObjectError
from crossmost.geometry import decode_mesh, decode_points
from crossmost.shards.archive import write_shard
from crossmost.sources import RawObject, Source, SourceDescription, SourceSettings, make_object_sample, open_source
from crossmost.sources.co3d import CATEGORIES
from crossmost.sources.modelnet import MODELNET10, MODELNET40
from crossmost.sources.scanobjectnn import CLASSES as SCANOBJECTNN
from crossmost.sources.shapenet import SYNSETS
from tests.sources import published
from tests.sources.published import cloud, shape

SETTINGS: TypeAdapter[SourceDescription] = TypeAdapter(SourceSettings)


def opened(folder: Path, **settings: Any) -> Source:
    return open_source(SETTINGS.validate_python(settings), folder)


def listed(source: Source) -> dict[str, RawObject]:
    objects = list(source.objects())
    assert len({raw.object_id for raw in objects}) == len(objects)
    assert all(raw.class_name in source.class_names for raw in objects)
    return {raw.object_id: raw for raw in objects}


def size_of(raw: RawObject) -> np.ndarray:
    """Extents of what is stored: width, height, depth."""
    sample = make_object_sample(raw)
    stored = decode_points(sample)
    return np.asarray(decode_mesh(sample).extents) if stored is None else np.ptp(stored[0], axis=0)


def shapenet_without_lists(folder: Path) -> None:
    published.shapenet(folder)
    for split in ("train", "test"):
        (folder / f"{split}.txt").unlink()


def splits(objects: dict[str, RawObject]) -> Counter[str | None]:
    return Counter(raw.published_split for raw in objects.values())


def test_published_class_lists() -> None:
    assert len(MODELNET40) == 40 and len(MODELNET10) == 10 and set(MODELNET10) <= set(MODELNET40)
    assert list(MODELNET40) == sorted(MODELNET40) and list(MODELNET10) == sorted(MODELNET10)
    assert len(SCANOBJECTNN) == 15 and SCANOBJECTNN[9] == "table" and SCANOBJECTNN[10] == "bed"
    assert len(SYNSETS) == 55 == len(set(SYNSETS.values()))
    assert len(CATEGORIES) == 51


# ModelNet


def test_modelnet_meshes(tmp_path: Path) -> None:
    published.modelnet_off(tmp_path, ("chair", "night_stand"))
    source = opened(tmp_path, kind="modelnet", n_classes=40)
    assert len(source.class_names) == 40 and source.class_names[23] == "night stand"
    objects = listed(source)
    assert list(objects) == [
        "chair_0001", "chair_0002", "night_stand_0001", "night_stand_0002",
        "chair_0003", "chair_0004", "night_stand_0003", "night_stand_0004",
    ]  # fmt: skip
    assert splits(objects) == {"adapt": 4, "test": 4}
    assert objects["night_stand_0003"].class_name == "night stand"
    np.testing.assert_allclose(size_of(objects["chair_0001"]), shape("chair", 0).extents, rtol=1e-3)
    np.testing.assert_allclose(size_of(objects["chair_0002"]), shape("chair", 1).extents, rtol=1e-3)  # glued header
    assert not objects["chair_0001"].pictures()


def test_modelnet10_is_found_without_its_top_folder_and_numbers_are_ordered(tmp_path: Path) -> None:
    published.modelnet_off(tmp_path, ("toilet",), top=".")
    (tmp_path / "toilet/train/toilet_10.off").write_text((tmp_path / "toilet/train/toilet_0001.off").read_text())
    names = [raw.object_id for raw in opened(tmp_path, kind="modelnet", n_classes=10).objects()]
    assert names == ["toilet_0001", "toilet_0002", "toilet_10", "toilet_0003", "toilet_0004"]


def test_modelnet_with_copies_and_odd_names(tmp_path: Path) -> None:
    published.modelnet_off(tmp_path, ("chair",))
    train, test = tmp_path / "ModelNet40/chair/train", tmp_path / "ModelNet40/chair/test"
    content = (train / "chair_0001.off").read_bytes()
    for path in (
        train / "chair_0001 copy.off",
        train / f"{'x' * 90}.off",
        train / "ends_.off",
        test / "chair_0001.off",
    ):
        path.write_bytes(content)
    objects = listed(opened(tmp_path, kind="modelnet", n_classes=40))
    assert {"chair_0001", "chair_0002", "chair_0003", "chair_0004", "chair_0001-copy", "ends_"} < set(objects)
    assert len(objects) == 8 and [raw.published_split for key, raw in objects.items() if "0001-" in key][-1] == "test"
    write_shard(tmp_path / "all.tar", [make_object_sample(raw) for raw in objects.values()])


def test_modelnet_with_published_renders(tmp_path: Path) -> None:
    published.modelnet_off(tmp_path, ("chair", "xbox"), 1, renders=True)
    objects = listed(opened(tmp_path, kind="modelnet", n_classes=40))
    pictures = objects["chair_0002"].pictures()
    assert [np.asarray(picture)[0, 0, 0] for picture in pictures] == [20 * view for view in range(1, 13)]
    (tmp_path / "renders/test/chair/chair_0002_004.png").write_bytes(b"?")
    with pytest.raises(UnreadableObjectError, match=r"chair_0002_004\.png cannot be read"):
        make_object_sample(objects["chair_0002"])


def test_modelnet_as_h5(tmp_path: Path) -> None:
    published.modelnet_h5(tmp_path, {"train": [8, 39, 0], "test": [23, 8]})
    objects = listed(opened(tmp_path, kind="modelnet", n_classes=40))
    assert {key: (raw.class_name, raw.published_split) for key, raw in objects.items()} == {
        "train-00000": ("chair", "adapt"), "train-00001": ("xbox", "adapt"), "train-00002": ("airplane", "adapt"),
        "test-00000": ("night stand", "test"), "test-00001": ("chair", "test"),
    }  # fmt: skip
    np.testing.assert_allclose(size_of(objects["train-00001"]), np.ptp(cloud("chair", 1), axis=0), rtol=1e-5)


def test_modelnet_as_text(tmp_path: Path) -> None:
    published.modelnet_text(tmp_path, ("chair", "night_stand"), 1)
    objects = listed(opened(tmp_path, kind="modelnet", n_classes=40))
    assert set(objects) == {"chair_0001", "night_stand_0001", "chair_0002", "night_stand_0002"}
    np.testing.assert_allclose(size_of(objects["chair_0001"]), np.ptp(cloud("chair", 0), axis=0), rtol=1e-4)
    assert decode_points(make_object_sample(objects["chair_0001"]))[1] is None  # type: ignore[index]
    (tmp_path / "modelnet40_normal_resampled/chair/chair_0002.txt").unlink()
    with pytest.raises(CrossmostError, match="names 'chair_0002', but there is no"):
        list(opened(tmp_path, kind="modelnet", n_classes=40).objects())


def test_modelnet_as_dat(tmp_path: Path) -> None:
    published.modelnet_dat(tmp_path, {"train": [8, 39], "test": [0]})
    objects = listed(opened(tmp_path, kind="modelnet", n_classes=40))
    assert [raw.class_name for raw in objects.values()] == ["chair", "xbox", "airplane"]
    np.testing.assert_allclose(size_of(objects["train-00001"]), np.ptp(cloud("chair", 1), axis=0), rtol=1e-5)
    published.modelnet_dat(tmp_path, {"train": [40]})
    with pytest.raises(CrossmostError, match="has the label 40; allowed are 0 to 39"):
        list(opened(tmp_path, kind="modelnet", n_classes=40).objects())
    (tmp_path / "modelnet40_test_8192pts_fps.dat").unlink()
    published.modelnet_dat(tmp_path, {"train": [4]})
    with pytest.raises(MissingInputError, match=r"modelnet40_test_8192pts_fps\.dat beside the other"):
        list(opened(tmp_path, kind="modelnet", n_classes=40).objects())


def test_another_up_axis_can_be_asked_for(tmp_path: Path) -> None:
    published.modelnet_h5(tmp_path, {"train": [0, 1]})
    (tmp_path / "modelnet40_ply_hdf5_2048/test_files.txt").write_text("")
    raw = next(opened(tmp_path, kind="modelnet", n_classes=40, up="x").objects())
    np.testing.assert_allclose(size_of(raw)[1], np.ptp(cloud("chair", 0)[:, 0]), rtol=1e-5)


# ScanObjectNN


@pytest.mark.parametrize("variant", ["obj_only", "obj_bg", "hardest"])
def test_scanobjectnn(tmp_path: Path, variant: str) -> None:
    published.scanobjectnn(tmp_path)
    source = opened(tmp_path, kind="scanobjectnn", variant=variant)
    objects = listed(source)
    assert source.class_names == SCANOBJECTNN
    assert splits(objects) == {"adapt": 6, "test": 6}
    assert [objects[f"test-{row:05d}"].class_name for row in range(6)] == list(SCANOBJECTNN[:6])
    np.testing.assert_allclose(size_of(objects["test-00004"]), np.ptp(cloud("chair", 504), axis=0), rtol=1e-5)


def test_a_damaged_h5_file_is_named(tmp_path: Path) -> None:
    published.scanobjectnn(tmp_path)
    path = tmp_path / "h5_files/main_split/test_objectdataset.h5"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CrossmostError, match=r"test_objectdataset\.h5 is damaged or no HDF5"):
        list(opened(tmp_path, kind="scanobjectnn", variant="obj_bg").objects())
    with h5py.File(path, "w") as file:
        file["data"], file["label"] = np.zeros((3, 10, 3)), np.array([0, 1, 15])
    with pytest.raises(CrossmostError, match="labels 0 to 15; allowed are 0 to 14"):
        list(opened(tmp_path, kind="scanobjectnn", variant="obj_bg").objects())


# ShapeNet


def test_shapenet(tmp_path: Path) -> None:
    published.shapenet(tmp_path)
    source = opened(tmp_path, kind="shapenet", pictures=10)
    assert source.class_names == ("bottle", "chair", "table")  # in order of the synsets' numbers
    objects = listed(source)
    assert splits(objects) == {"adapt": 6, "test": 3}
    chair = objects[f"03001627-{1:032x}"]
    pictures = chair.pictures()
    assert [np.asarray(picture)[0, 0, 0] for picture in pictures] == [36 * n % 256 for n in range(10)]
    points = cloud("chair", 1)
    stored = decode_points(make_object_sample(chair))
    assert stored is not None
    centered = points - points.mean(axis=0)
    np.testing.assert_allclose(stored[0], centered * [-1, 1, -1], atol=1e-5)  # fronts face −z there


def test_shapenet_without_lists_names_and_renders(tmp_path: Path) -> None:
    published.shapenet(tmp_path / "ShapeNet-55", renders=False)
    for name in ("train.txt", "test.txt", "taxonomy.json"):
        (tmp_path / "ShapeNet-55" / name).unlink()
    source = opened(tmp_path, kind="shapenet")
    objects = listed(source)
    assert source.class_names == ("bottle", "chair", "table")
    assert splits(objects) == {None: 9} and not next(iter(objects.values())).pictures()
    np.save(tmp_path / "ShapeNet-55/shapenet_pc/00000000-1.npy", cloud("chair", 0))
    with pytest.raises(CrossmostError, match="synsets 00000000, whose names are unknown"):
        opened(tmp_path, kind="shapenet")


# OpenShape


def test_openshape_modelnet40(tmp_path: Path) -> None:
    published.openshape(tmp_path)
    source = opened(tmp_path, kind="openshape", pack="modelnet40")
    objects = listed(source)
    assert source.class_names[23] == "night stand"
    assert objects["night_stand_0001"].class_name == "night stand"
    stored = decode_points(make_object_sample(objects["chair_0003"]))
    assert stored is not None and stored[1] is not None and set(stored[1].ravel()) == {100}
    np.testing.assert_allclose(np.ptp(stored[0], axis=0), np.ptp(cloud("chair", 3), axis=0), rtol=1e-5)


def test_openshape_scanobjectnn_warns_of_the_trap(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    published.openshape(tmp_path)
    with caplog.at_level(logging.WARNING):
        objects = listed(opened(tmp_path, kind="openshape", pack="scanobjectnn"))
    assert "2,890" in caplog.text
    assert [raw.class_name for raw in objects.values()] == ["chair", "table", "chair", "bag", "toilet", "table"]
    np.testing.assert_allclose(size_of(objects["object-00002"]), np.ptp(cloud("chair", 2), axis=0), rtol=1e-5)


def test_openshape_objaverse_lvis(tmp_path: Path) -> None:
    published.openshape(tmp_path)
    (tmp_path / f"Objaverse/000-001/{5:032x}.npy").unlink()
    source = opened(tmp_path, kind="openshape", pack="objaverse_lvis")
    objects = {raw.object_id: raw for raw in source.objects()}
    assert source.class_names == ("bottle", "chair", "potted plant")
    stored = decode_points(make_object_sample(objects[f"{0:032x}"]))
    assert stored is not None and stored[1] is not None and set(stored[1].ravel()) == {102}
    with pytest.raises(UnreadableObjectError, match="there is no file"):
        make_object_sample(objects[f"{5:032x}"])


def test_openshape_lists_cannot_point_elsewhere(tmp_path: Path) -> None:
    published.openshape(tmp_path)
    path = tmp_path / "meta_data/split/lvis.json"
    entries = json.loads(path.read_text())
    entries[0]["group"] = "../../etc"
    path.write_text(json.dumps(entries))
    with pytest.raises(CrossmostError, match="which is no file name"):
        list(opened(tmp_path, kind="openshape", pack="objaverse_lvis").objects())


# Redwood and CO3D


def test_redwood(tmp_path: Path) -> None:
    published.redwood(tmp_path)
    source = opened(tmp_path, kind="redwood", pictures=3)
    assert source.class_names == ("chair", "trash container")
    objects = listed(source)
    assert set(objects) == {f"{number:05d}" for number in range(33, 39)}
    assert splits(objects) == {None: 6}
    chair = objects["00033"]
    np.testing.assert_allclose(
        np.asarray(decode_mesh(make_object_sample(chair)).bounds), shape("chair", 0).bounds, atol=1e-3
    )
    pictures = chair.pictures()
    assert len(pictures) == 3 and pictures[0].size == (48, 48)
    np.testing.assert_allclose([np.asarray(picture)[9, 9, 0] for picture in pictures], [0, 40, 120], atol=4)


def test_redwood_unpacked_and_chosen_classes(tmp_path: Path) -> None:
    published.redwood(tmp_path)
    frames = tmp_path / "data/rgbd/00034/rgb"
    frames.mkdir(parents=True)
    Image.new("RGB", (20, 20), "red").save(frames / "1.jpg")
    source = opened(tmp_path, kind="redwood", classes=["trash_container", "chair"])
    assert source.class_names == ("trash container", "chair")
    assert len(listed(source)["00034"].pictures()) == 1
    with pytest.raises(MissingInputError, match=r"no scan of the categories sofa .*there are chair, trash container"):
        opened(tmp_path, kind="redwood", classes=["sofa", "chair"])
    (tmp_path / "data/rgbd/00033.zip").write_bytes(b"PK")
    with pytest.raises(CrossmostError, match=r"00033\.zip is damaged"):
        listed(source)


def test_co3d(tmp_path: Path) -> None:
    published.co3d(tmp_path)
    source = opened(tmp_path, kind="co3d", pictures=4)
    assert source.class_names == ("chair", "teddy bear")
    objects = listed(source)
    assert len(objects) == 6 and splits(objects) == {None: 6}
    chair = objects["100_11000_22000"]
    stored = decode_points(make_object_sample(chair))
    assert stored is not None and stored[1] is not None and stored[1][0].tolist() == [200, 30, 30]
    points = cloud("chair", 0)
    np.testing.assert_allclose(stored[0], points - points.mean(axis=0), atol=1e-4)
    pictures = chair.pictures()
    assert [picture.size for picture in pictures] == [(24, 24)] * 4  # cut to the mask, 20 pixels and a margin
    np.testing.assert_allclose([np.asarray(picture)[12, 12, 0] for picture in pictures], [12, 72, 132, 192], atol=6)


def test_co3d_flattened(tmp_path: Path) -> None:
    published.co3d_flattened(tmp_path)
    source = opened(tmp_path, kind="co3d")
    objects = listed(source)
    assert source.class_names == ("chair", "fire hydrant") and len(objects) == 4
    assert all(len(raw.pictures()) == 3 for raw in objects.values())


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (lambda folder: published.modelnet_off(folder, ("chair",), 1, renders=True),
         {"kind": "modelnet", "n_classes": 40}),
        (lambda folder: published.modelnet_text(folder, ("chair",)), {"kind": "modelnet", "n_classes": 40}),
        (published.shapenet, {"kind": "shapenet"}),
        (shapenet_without_lists, {"kind": "shapenet"}),
        (published.openshape, {"kind": "openshape", "pack": "objaverse_lvis"}),
        (published.redwood, {"kind": "redwood"}),
        (published.co3d, {"kind": "co3d"}),
        (published.co3d_flattened, {"kind": "co3d"}),
    ],
)  # fmt: skip
def test_the_hidden_files_of_other_systems_change_nothing(
    tmp_path: Path, make: Callable[[Path], object], settings: dict[str, Any]
) -> None:
    """macOS leaves `._NAME` beside every file on other disks, and __MACOSX in archives."""
    make(tmp_path)
    before = list(opened(tmp_path, **settings).objects())
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
        other = tmp_path / "__MACOSX" / path.relative_to(tmp_path)
        other.parent.mkdir(parents=True, exist_ok=True)
        other.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    assert list(opened(tmp_path, **settings).objects()) == before


def test_redwood_archives_packed_on_macos(tmp_path: Path) -> None:
    published.redwood(tmp_path)
    with zipfile.ZipFile(tmp_path / "data/rgbd/00033.zip", "a") as archive:
        archive.writestr("__MACOSX/rgb/._0000001.jpg", b"\0\5\x16\7")
        archive.writestr("rgb/._0000001.jpg", b"\0\5\x16\7")
    assert len(listed(opened(tmp_path, kind="redwood", pictures=90))["00033"].pictures()) == 5


def test_a_redwood_scan_of_two_categories_is_two_objects(tmp_path: Path) -> None:
    published.redwood(tmp_path)
    categories = json.loads((tmp_path / "categories.json").read_text())
    categories["trash_container"].append("00033")
    (tmp_path / "categories.json").write_text(json.dumps(categories))
    assert len(listed(opened(tmp_path, kind="redwood"))) == 7


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"kind": "modelnet", "n_classes": 40}, r"ModelNet40.*CLASS/train/\*\.off.*train_files\.txt.*\.dat"),
        ({"kind": "modelnet", "n_classes": 10}, r"ModelNet10.*CLASS/train/\*\.off"),
        ({"kind": "scanobjectnn", "variant": "hardest"}, r"test_objectdataset_augmentedrot_scale75\.h5 \(2882"),
        ({"kind": "shapenet"}, r"shapenet_pc/SYNSET-MODEL\.npy"),
        ({"kind": "openshape", "pack": "objaverse_lvis"}, r"meta_data/split/lvis\.json.*46,832"),
        ({"kind": "redwood"}, r"categories\.json.*mesh/ID\.ply"),
        ({"kind": "co3d"}, r"CATEGORY/SEQUENCE/pointcloud\.ply"),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_missing_data_is_one_line_that_says_what_to_put_where(
    tmp_path: Path, settings: dict[str, Any], named: str, there: bool
) -> None:
    folder = tmp_path / "raw"
    if there:
        folder.mkdir()
    with pytest.raises(MissingInputError, match=named) as error:
        opened(folder, **settings)
    assert "\n" not in str(error.value) and str(folder) in str(error.value)


def test_a_mesh_that_is_broken_is_quarantined_with_a_reason(tmp_path: Path) -> None:
    published.modelnet_off(tmp_path, ("xbox",), 1)
    path = tmp_path / "ModelNet40/xbox/train/xbox_0001.off"
    path.write_text(path.read_text()[:200])
    raw = next(opened(tmp_path, kind="modelnet", n_classes=40).objects())
    with pytest.raises(UnreadableObjectError, match="no valid OFF"):
        make_object_sample(raw)
