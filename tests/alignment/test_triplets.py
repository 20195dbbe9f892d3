"""Every form in which triplets are read, and what is said when they are not as they should be."""

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crossmost.alignment.folder import FolderTriplets
from crossmost.alignment.listing import ListTriplets
from crossmost.alignment.published import OpenShapeTriplets, ShapeNetTriplets
from crossmost.errors import CrossmostError, MissingInputError, UnreadableObjectError
from crossmost.shards import decode_array, decode_json
from crossmost.sources import make_object_sample
from crossmost.sources.base import PointCloud
from tests.alignment import triplet_data
from tests.sources import published


def test_a_folder_with_captions_beside_its_objects(tmp_path: Path) -> None:
    found = FolderTriplets(kind="folder", path=triplet_data.folder(tmp_path / "objects")).triplets()
    assert len(found) == 12 and len({triplet.object_id for triplet in found}) == 12
    chair = next(triplet for triplet in found if triplet.source == "chair/chair_2.ply")
    assert chair.captions == ("a chair", "a chair of its own, number 2")
    assert chair.class_name is None and list(chair.pictures()) == []
    assert isinstance(chair.load(), PointCloud)


@pytest.mark.parametrize(("captions", "expected"), [("subfolder", "lamp"), ("filename", "lamp")])
def test_captions_from_names(captions: str, expected: str, tmp_path: Path) -> None:
    settings = FolderTriplets.model_validate(
        {"kind": "folder", "path": triplet_data.folder(tmp_path / "objects"), "captions": captions}
    )
    of_lamps = {triplet.captions for triplet in settings.triplets() if triplet.source.startswith("lamp/")}
    assert of_lamps == {(expected,)}


def test_pictures_of_a_folder_are_found_by_name_and_by_folder(tmp_path: Path) -> None:
    objects = triplet_data.folder(tmp_path / "objects")
    pictures = triplet_data.pictures(tmp_path / "pictures", objects)
    (pictures / "chair" / "chair_0_normal.png").write_bytes(b"something else")
    found = FolderTriplets(kind="folder", path=objects, pictures=pictures, n_pictures=2).triplets()
    assert {len(triplet.picture_files) for triplet in found} == {2}
    sample = make_object_sample(found[0])
    assert {"picture00.jpg", "picture01.jpg"} <= set(sample.members)
    before = found[0].fingerprint
    found[0].picture_files[0].write_bytes(b"changed")
    again = FolderTriplets(kind="folder", path=objects, pictures=pictures, n_pictures=2).triplets()[0]
    assert again.fingerprint != before
    with pytest.raises(UnreadableObjectError, match=r"picture .* cannot be read"):
        make_object_sample(again)


def test_pictures_of_an_object_are_not_those_of_one_with_a_longer_name(tmp_path: Path) -> None:
    names = ("chair", "chair_1", "chair2")
    for folder in ("objects", "pictures"):
        (tmp_path / folder).mkdir()
    for name in names:
        np.savetxt(tmp_path / "objects" / f"{name}.xyz", np.random.default_rng(0).normal(size=(30, 3)))
        (tmp_path / "objects" / f"{name}.txt").write_text(f"a {name}")
    for picture in (*names, "chair_3", "chair_1_0"):
        Image.new("RGB", (8, 8)).save(tmp_path / "pictures" / f"{picture}.png")
    found = FolderTriplets(kind="folder", path=tmp_path / "objects", pictures=tmp_path / "pictures").triplets()
    pictures = {triplet.source: sorted(file.stem for file in triplet.picture_files) for triplet in found}
    assert pictures == {
        "chair.xyz": ["chair", "chair_3"],
        "chair_1.xyz": ["chair_1", "chair_1_0"],
        "chair2.xyz": ["chair2"],
    }


def test_a_folder_of_pictures_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pictures in one folder: no object is compared with the pictures of all others."""
    objects = triplet_data.folder(tmp_path / "objects", 12)
    (tmp_path / "pictures/chair").mkdir(parents=True)
    for path in (objects / "chair").glob("*.ply"):
        for ending in ("_000.png", "-1.jpg", "_r_030.png", ".webp", "_000_depth.png", "x_000.png"):
            (tmp_path / f"pictures/chair/{path.stem}{ending}").touch()
    looked_at: list[Path] = []
    look = Path.iterdir

    def noted(folder: Path) -> Iterator[Path]:
        looked_at.append(folder)
        return look(folder)

    monkeypatch.setattr(Path, "iterdir", noted)
    found = FolderTriplets(kind="folder", path=objects, pictures=tmp_path / "pictures").triplets()
    assert len(looked_at) == len(set(looked_at))
    of_chair = next(triplet for triplet in found if triplet.source == "chair/chair_2.ply")
    assert [path.name for path in of_chair.picture_files] == [
        "chair_2-1.jpg", "chair_2.webp", "chair_2_000.png", "chair_2_r_030.png",
    ]  # fmt: skip


def test_what_is_wrong_with_a_folder_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(MissingInputError, match=r"Which triplets\? .* alignment.source.path=PATH"):
        FolderTriplets(kind="folder").triplets()
    with pytest.raises(MissingInputError, match=r"no folder .*alignment\.source\.path"):
        FolderTriplets(kind="folder", path=tmp_path / "absent").triplets()
    objects = triplet_data.folder(tmp_path / "objects")
    with pytest.raises(MissingInputError, match=r"no folder .*alignment\.source\.pictures"):
        FolderTriplets(kind="folder", path=objects, pictures=tmp_path / "absent").triplets()
    (objects / "chair/chair_0.txt").unlink()
    with caplog.at_level(logging.WARNING):
        FolderTriplets(kind="folder", path=objects).triplets()
    assert "1 of 12 objects have no caption" in caplog.text
    (objects / "chair/chair_1.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(CrossmostError, match=r"chair_1\.txt are no UTF-8 text"):
        FolderTriplets(kind="folder", path=objects).triplets()
    for path in objects.rglob("*.txt"):
        path.unlink()
    with pytest.raises(MissingInputError, match=r"None of the 12 objects .* put NAME\.txt beside"):
        FolderTriplets(kind="folder", path=objects).triplets()


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".csv"])
def test_a_list_in_three_formats(suffix: str, tmp_path: Path) -> None:
    file = triplet_data.listing(tmp_path, suffix)
    found = ListTriplets(kind="list", path=file).triplets()
    assert len(found) == 12
    first = found[0]
    assert first.source == "objects/bottle/bottle_0.ply"
    assert first.captions == ("a bottle", "a bottle of its own, number 0")
    assert [path.name for path in first.picture_files] == ["bottle_0_000.png", "bottle_0_001.png", "bottle_0_002.png"]
    assert found[1].picture_files == ()
    (tmp_path / "elsewhere").mkdir()
    shutil.move(file, tmp_path / "elsewhere" / file.name)
    moved = ListTriplets(kind="list", path=tmp_path / "elsewhere" / file.name, root=tmp_path).triplets()
    assert [triplet.captions for triplet in moved] == [triplet.captions for triplet in found]


def test_rows_of_one_file_are_one_object(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Lists often have one caption, or one picture, a row; an object must not become its own negative."""
    triplet_data.folder(tmp_path)
    rows = ["chair/chair_0.ply,red,1.png", "lamp/lamp_0.ply,a lamp,", "chair/chair_0.ply,a chair,2.png"]
    rows += ["lamp/../chair/chair_0.ply,red,1.png", f"{tmp_path}/chair/chair_0.ply,with legs,"]
    (tmp_path / "list.csv").write_text("object,captions,pictures\n" + "\n".join(rows) + "\n")
    with caplog.at_level(logging.INFO):
        chair, lamp = ListTriplets(kind="list", path=tmp_path / "list.csv").triplets()
    assert "5 entries of" in caplog.text and "2 objects" in caplog.text
    assert (chair.source, lamp.source) == ("chair/chair_0.ply", "lamp/lamp_0.ply")
    assert chair.captions == ("red", "a chair", "with legs") and lamp.captions == ("a lamp",)
    assert [path.name for path in chair.picture_files] == ["1.png", "2.png"]


def test_objects_outside_the_lists_folder_find_their_textures(tmp_path: Path) -> None:
    """Such a list may lie anywhere; then the folder of the object itself is the one that references may not leave."""
    models, lists = tmp_path / "models", tmp_path / "lists"
    for folder in (models, lists):
        folder.mkdir()
    (models / "a.obj").write_text("mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl m\nf 1/1 2/1 3/1\n")
    (models / "a.mtl").write_text("newmtl m\nmap_Kd a.png\nmap_Kd ../secret.png\n")
    for path in (models / "a.png", tmp_path / "secret.png"):
        Image.new("RGB", (4, 4), "red").save(path)
    for file in (models / "a.obj", Path("../models/a.obj")):
        (lists / "list.json").write_text(json.dumps([{"object": str(file), "captions": "a thing"}]))
        (triplet,) = ListTriplets(kind="list", path=lists / "list.json").triplets()
        facts = decode_json(make_object_sample(triplet).members["json"])
        assert facts["has_texture"] and facts["missing_files"] == ["../secret.png"]
    before = triplet.fingerprint
    (models / "a.png").write_bytes(b"another")
    assert ListTriplets(kind="list", path=lists / "list.json").triplets()[0].fingerprint != before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "cannot be read as JSON"),
        ('{"object": "a.ply"}', "holds a dict, expected a list"),
        ("[]", "has no entry"),
        ('[{"captions": ["x"]}]', r"Entry 1 of .*object: Field required"),
        ('[{"object": "a.ply", "captions": ["x"]}, {"object": "b.ply", "captions": [3]}]', r"Entry 2 of .*captions"),
        ('["a.ply"]', "Entry 1 of"),
        ('[{"object": "a.dwg", "captions": "x"}]', r"a\.dwg is of no format"),
        ('[{"object": "a.ply"}]', "No entry of .* has a caption"),
        ('[{"object": "a.ply", "captions": "x"}]', r"None of the 1 objects .* set alignment\.source\.root"),
    ],
)
def test_what_is_wrong_with_a_list_is_said(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(content)
    with pytest.raises(CrossmostError, match=message):
        ListTriplets(kind="list", path=tmp_path / "list.json").triplets()


def test_other_files_are_no_lists(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="no file"):
        ListTriplets(kind="list", path=tmp_path / "list.json").triplets()
    (tmp_path / "list.xlsx").write_text("")
    with pytest.raises(CrossmostError, match=r"ends in \.xlsx; lists that are read: \.json"):
        ListTriplets(kind="list", path=tmp_path / "list.xlsx").triplets()


def test_a_listed_file_that_is_not_there_is_the_objects_own_trouble(tmp_path: Path) -> None:
    file = triplet_data.listing(tmp_path, ".json")
    (tmp_path / "objects/bottle/bottle_0.ply").unlink()
    found = ListTriplets(kind="list", path=file).triplets()
    with pytest.raises(UnreadableObjectError, match="cannot be read"):
        make_object_sample(found[0])


def test_shapenet_brings_all_names_of_a_synset_and_its_renders(tmp_path: Path) -> None:
    published.shapenet(tmp_path)
    found = ShapeNetTriplets(kind="shapenet", path=tmp_path, n_pictures=4).triplets()
    assert len(found) == 6, "two of three per class are for training"
    assert {triplet.captions for triplet in found} == {("chair",), ("table",), ("bottle", "flask")}
    assert {len(triplet.pictures()) for triplet in found} == {4}
    everything = ShapeNetTriplets(kind="shapenet", path=tmp_path, only_train=False).triplets()
    assert len(everything) == 9
    with pytest.raises(MissingInputError, match="ShapeNet-55 is not in"):
        ShapeNetTriplets(kind="shapenet", path=tmp_path / "rendered_images").triplets()


def test_openshape_brings_texts_and_colors_without_unpickling(tmp_path: Path) -> None:
    found = OpenShapeTriplets(kind="openshape", path=triplet_data.openshape(tmp_path)).triplets()
    assert len(found) == 8
    assert found[0].captions == ("chair model", "a rendering of a chair", "a chair")
    colors = decode_array(make_object_sample(found[0]).members["colors.npy"])
    np.testing.assert_array_equal(colors[0], triplet_data.COLOR_OF["chair"])
    only = OpenShapeTriplets(
        kind="openshape", path=tmp_path / "meta_data/split/train_all.json", texts=("msft_caption",), root=tmp_path
    )
    assert only.triplets()[1].captions == ("a lamp",)


def test_what_is_wrong_with_an_openshape_list_is_said(tmp_path: Path) -> None:
    listing = triplet_data.openshape(tmp_path)
    with pytest.raises(MissingInputError, match=r"None of the 8 clouds .* set alignment\.source\.root"):
        OpenShapeTriplets(kind="openshape", path=listing, root=tmp_path / "meta_data").triplets()
    with pytest.raises(CrossmostError, match="has one of the texts retrieval_text"):
        OpenShapeTriplets(kind="openshape", path=listing, texts=("retrieval_text",)).triplets()
    listing.write_text(json.dumps([{"id": "../../secret", "group": "000-000"}]))
    with pytest.raises(CrossmostError, match="which are no file names"):
        OpenShapeTriplets(kind="openshape", path=listing).triplets()
    listing.write_text(json.dumps([{"group": "000-000"}]))
    with pytest.raises(CrossmostError, match=r"Entry 1 of .* has no `id`"):
        OpenShapeTriplets(kind="openshape", path=listing).triplets()
