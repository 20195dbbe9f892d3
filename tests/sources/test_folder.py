"""A folder as people have it: mixed formats, materials that are missing, broken files, lists with mistakes."""

import logging
import os
import unicodedata
from pathlib import Path
from typing import Any

import grimp
import numpy as np
import pandas as pd
import pytest
import trimesh
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from pydantic import BaseModel, ValidationError

from benchmarks.mixed_folder import break_things
from crossmost.alignment.folder import FolderTriplets
from crossmost.alignment.listing import ListTriplets
from crossmost.errors import CrossmostError, MissingInputError, UnreadableObjectError
from crossmost.geometry import decode_mesh, decode_points
from crossmost.pipelines.prediction.parameters import PredictionParameters
from crossmost.shards import decode_json
from crossmost.sources import FolderSettings, RawObject, make_object_sample, open_source
from crossmost.sources.folder import COMPANION_SUFFIXES, SUFFIXES
from crossmost.sources.foreign_formats import is_foreign
from crossmost.sources.references import FolderResolver
from crossmost.sources.shapes.generator import generate_shape


def objects(folder: Path, **settings: Any) -> dict[str, RawObject]:
    source = open_source(FolderSettings(kind="folder", path=folder, **settings), folder)
    return {raw.source: raw for raw in source.objects()}


def names(folder: Path, text: str = "chair\nnight_stand\n\n") -> Path:
    path = folder / "names.txt"
    path.write_text(text)
    return path


def chair() -> trimesh.Trimesh:
    return generate_shape("chair", 7).mesh


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """One object in every format."""
    mesh, folder = chair(), tmp_path / "objects"
    (folder / "deep er").mkdir(parents=True)
    for kind in ("off", "ply", "stl", "glb", "3mf", "obj"):
        content: Any = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).export(file_type=kind)
        (folder / "deep er" / f"a chair.{kind}").write_bytes(content.encode() if isinstance(content, str) else content)
    points = np.asarray(trimesh.sample.sample_surface(mesh, 600, seed=0)[0])
    np.save(folder / "points.npy", points)
    np.savez(folder / "points.npz", points=points)
    np.savetxt(folder / "points.xyz", points)
    np.savetxt(folder / "points.txt", points)
    (folder / "bare.ply").write_bytes(trimesh.PointCloud(points).export(file_type="ply"))
    (folder / "readme.txt").write_text("These are chairs.\nNo numbers here.\n")
    (folder / "chair.fbx").write_bytes(b"?")
    (folder / ".hidden.obj").write_text("v 0 0 0")
    return folder


def test_every_format_gives_the_same_object(mixed: Path) -> None:
    found = objects(mixed, class_list=names(mixed.parent))
    assert len(found) == 11 and len({raw.object_id for raw in found.values()}) == 11
    extents = chair().extents
    for name, raw in found.items():
        sample = make_object_sample(raw)
        cloud = decode_points(sample)
        size = decode_mesh(sample).extents if cloud is None else np.ptp(cloud[0], axis=0)
        np.testing.assert_allclose(size, extents, rtol=0.15, err_msg=name)
        assert (cloud is not None) == ("points" in name or "bare" in name)


def test_what_is_passed_over_is_said(mixed: Path, caplog: pytest.LogCaptureFixture) -> None:
    (mixed / "bundle.kra").write_bytes(b"?")
    with caplog.at_level(logging.INFO):
        objects(mixed, class_list=names(mixed.parent))
    assert "as no format of objects: 1 .kra, 1 .txt." in caplog.text


def test_formats_that_are_not_read_are_named_with_what_to_do(mixed: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("lamp.FBX", "part.step", "scan.laz", "more.zip", "points.ply.gz"):
        (mixed / name).write_bytes(b"?")
    with caplog.at_level(logging.WARNING):
        objects(mixed, class_list=names(mixed.parent))
    assert (
        f"Objects in {mixed} may be in files that are not read: 2 .fbx (convert them to glb, which Blender can); "
        "1 .step (convert them to stl, which FreeCAD can); "
        "1 .laz (convert them to ply or las, which CloudCompare can); 1 .zip, 1 .gz (unpack them)."
    ) in caplog.messages


def test_a_folder_of_foreign_formats_alone_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.usdz").write_bytes(b"?")
    (tmp_path / "b.max").write_bytes(b"?")
    with pytest.raises(MissingInputError) as error:
        objects(tmp_path)
    assert str(error.value).endswith(
        ".las. What is there: 1 .usdz (convert them to glb, which Blender can); "
        "1 .max (export them as glb from the program that made them)"
    )


def test_no_format_is_both_read_and_foreign() -> None:
    assert not [suffix for suffix in (*SUFFIXES, *COMPANION_SUFFIXES) if is_foreign(suffix)]


def test_odd_names_are_kept_and_have_ids_of_their_own(tmp_path: Path) -> None:
    odd = ("-rf", "--params", "a#b", "a%20b", "a b", "a,b", "a=b", "😀", "日本", "CON", "x.y.z")
    for number, name in enumerate(odd):
        Image.new("RGB", (4, 4), (number, 99, 0)).save(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.mtl").write_text(MTL.format(texture=f"{name}.png"))
        (tmp_path / f"{name}.obj").write_text(OBJ.format(library=f"{name}.mtl"))
    found = objects(tmp_path, class_list=names(tmp_path))
    assert set(found) == {f"{name}.obj" for name in odd}
    assert len({raw.object_id for raw in found.values()}) == len(odd)
    for raw in found.values():
        sample = make_object_sample(raw)
        assert decode_json(sample.members["json"])["has_texture"], raw.source


def test_a_tilde_is_the_home_folder(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(mixed.parent))
    names(mixed.parent)
    assert len(objects(Path("~/objects"), class_list="~/names.txt")) == 11
    assert PredictionParameters.model_validate({"source": "~/objects"}).source == mixed


def test_subfolders_as_classes_of_unlabeled_objects_are_said(mixed: Path, caplog: pytest.LogCaptureFixture) -> None:
    (mixed / "downloads").mkdir()
    (mixed / "points.npy").rename(mixed / "downloads/points.npy")
    objects(mixed, class_list=names(mixed.parent))
    assert "sub-folders are the classes" not in caplog.text
    objects(mixed)
    assert "the names of the sub-folders are the classes: deep er, downloads" in caplog.text


def test_a_file_is_no_folder(mixed: Path) -> None:
    with pytest.raises(MissingInputError, match=r"points\.npy is a file; name the folder"):
        objects(mixed / "points.npy", class_list=names(mixed.parent))


def test_gltf_with_its_buffer_beside_it(tmp_path: Path) -> None:
    for name, content in trimesh.Scene([chair()]).export(file_type="gltf").items():
        (tmp_path / name).write_bytes(content)
    (raw,) = objects(tmp_path, class_list=names(tmp_path)).values()
    np.testing.assert_allclose(decode_mesh(make_object_sample(raw)).extents, chair().extents, rtol=1e-3)


def test_up_axis_and_ids(tmp_path: Path) -> None:
    for name in ("A b/Ünit (1).stl", "a-b/unit-1.stl", "x" * 150 + ".stl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(trimesh.creation.box((1, 2, 4)).export(file_type="stl"))
    found = objects(tmp_path, class_list=names(tmp_path), up="z")
    assert len({raw.object_id for raw in found.values()}) == 3
    assert all(len(raw.object_id) <= 72 for raw in found.values())
    again = objects(tmp_path, class_list=names(tmp_path))
    for name, raw in found.items():
        np.testing.assert_allclose(decode_mesh(make_object_sample(raw)).extents, [1, 4, 2])
        assert raw.object_id == again[name].object_id and raw.fingerprint != again[name].fingerprint


def test_names_that_are_no_utf_8(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Archives from other systems bring them; Python keeps such bytes as characters that no file or table takes."""
    for name in (b"St\xfchle/\xe4.stl", b"St\xfchle/\xf6.stl", b"chair/1.stl", b"chair/plan.\xe4"):
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(trimesh.creation.box().export(file_type="stl"))
    with caplog.at_level(logging.INFO):
        source = open_source(
            FolderSettings(kind="folder", path=tmp_path, labels="subfolder", class_list=None), tmp_path
        )
        found = list(source.objects())
    assert "1 .\\xe4" in caplog.text
    assert source.class_names == ("St\\xfchle", "chair")
    assert [raw.source for raw in found] == ["St\\xfchle/\\xe4.stl", "St\\xfchle/\\xf6.stl", "chair/1.stl"]
    assert found[0].class_name == "St\\xfchle"
    assert len({raw.object_id for raw in found}) == 3
    table = pd.DataFrame({"source": [raw.source for raw in found]})
    table.to_parquet(tmp_path / "table.parquet")


OBJ = "mtllib {library}\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nvt 0 0\nusemtl wood\nf 1/1 2/1 3/1\nf 1/1 2/1 4/1\n"
MTL = "newmtl wood\nKd 1 0 0\nmap_Kd {texture}\n"


def test_materials_are_found_in_any_case_and_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "found.obj").write_text(OBJ.format(library="Wood.MTL"))
    (tmp_path / "wood.mtl").write_text(MTL.format(texture=r"C:\art\Oak.PNG"))
    Image.new("RGB", (4, 4), "green").save(tmp_path / "oak.png")
    (tmp_path / "lost.obj").write_text(OBJ.format(library="nowhere.mtl"))
    found = objects(tmp_path, class_list=names(tmp_path))
    assert set(found) == {"found.obj", "lost.obj"}
    textured = decode_json(make_object_sample(found["found.obj"]).members["json"])
    assert textured["has_texture"] and textured["missing_files"] == []
    lost = decode_json(make_object_sample(found["lost.obj"]).members["json"])
    assert not lost["has_texture"] and lost["missing_files"] == ["nowhere.mtl"]


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"version https://git-lfs.github.com/spec/v1\n"])
def test_textures_that_are_no_pictures_are_counted_as_missing(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    (tmp_path / "a.mtl").write_text(MTL.format(texture="a.png"))
    (tmp_path / "a.obj").write_text(OBJ.format(library="a.mtl"))
    (raw,) = objects(tmp_path, class_list=names(tmp_path)).values()
    facts = decode_json(make_object_sample(raw).members["json"])
    assert facts["missing_files"] == ["a.png (no picture that can be read)"] and not facts["has_texture"]


@pytest.mark.parametrize(("limit", "is_read"), [(64 * 64, True), (64 * 64 - 2, False)])
def test_textures_may_be_larger_than_pillow_opens_by_itself(
    limit: int, is_read: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossmost.sources.mesh_files.MAX_TEXTURE_PIXELS", limit)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.new("RGB", (64, 64), "green").save(tmp_path / "a.png")
    (tmp_path / "a.mtl").write_text(MTL.format(texture="a.png"))
    (tmp_path / "a.obj").write_text(OBJ.format(library="a.mtl"))
    (raw,) = objects(tmp_path, class_list=names(tmp_path)).values()
    facts = decode_json(make_object_sample(raw).members["json"])
    assert facts["has_texture"] == is_read and bool(facts["missing_files"]) != is_read
    assert Image.MAX_IMAGE_PIXELS == 100


def test_large_textures_are_not_copied_and_shrink_as_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture of 8,192 pixels a side takes 200 MB, and there may be one of them in each process."""
    image = Image.new("RGB", (4800, 4800), "red")
    image.paste("blue", (0, 0, 2400, 4800))
    image.save(tmp_path / "a.jpg")
    (tmp_path / "a.mtl").write_text(MTL.format(texture="a.jpg"))
    (tmp_path / "a.obj").write_text(OBJ.format(library="a.mtl"))
    (raw,) = objects(tmp_path, class_list=names(tmp_path)).values()
    drafted: list[tuple[int, int]] = []
    original = JpegImageFile.draft

    def watched(self: JpegImageFile, mode: str | None, size: tuple[int, int] | None) -> Any:
        found = original(self, mode, size)
        drafted.append(self.size)
        return found

    monkeypatch.setattr(JpegImageFile, "draft", watched)
    (part,) = decode_mesh(make_object_sample(raw)).geometry.values()
    texture = np.asarray(part.visual.material.baseColorTexture).astype(int)
    assert drafted[0] == (600, 600) and texture.shape == (512, 512, 3)
    np.testing.assert_allclose(texture[9, [50, 450]], [[0, 0, 254], [254, 0, 0]], atol=6)


@pytest.mark.parametrize(
    "reference",
    [
        "art/my oak.png",
        r"art\My Oak.PNG",
        "art/my%20oak.png",
        '"art/my oak.png"',
        "/art/my oak.png",
        "-s 1 1 1 art/my oak.png",
        "-clamp on -bm 0.5 art/my oak.png",
    ],
)
def test_references_are_understood_however_they_are_written(tmp_path: Path, reference: str) -> None:
    picture = tmp_path / "art" / "my oak.png"
    picture.parent.mkdir()
    picture.touch()
    assert FolderResolver(tmp_path, tmp_path / "model.obj").find(reference) == picture
    assert FolderResolver(tmp_path, tmp_path / "model.obj").find("my oak.png") is None


def test_references_never_leave_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    Image.new("RGB", (4, 4), "green").save(tmp_path / "secret.png")
    (inside / "a.obj").write_text(OBJ.format(library="a.mtl"))
    (inside / "a.mtl").write_text(MTL.format(texture="../secret.png"))
    (raw,) = objects(inside, class_list=names(tmp_path)).values()
    assert decode_json(make_object_sample(raw).members["json"])["missing_files"] == ["../secret.png"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.obj", b"", "the file is empty"),
        ("a.obj", b"hello", "has no faces|no valid OBJ"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv nan 1 0\nf 1 2 3\n", "not finite"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "no valid OBJ|do not exist"),
        ("a.stl", b"\x00" * 50, "50 of 84 bytes are there"),
        ("a.glb", b"glTF\x02\x00\x00\x00", "no valid GLB"),
        ("a.gltf", b"{", "no valid GLTF"),
        ("a.3mf", b"PK", "the 3MF archive is cut off"),
        ("a.3mf", b"something", "the file is no 3MF archive"),
        ("a.npz", b"PK\x03\x04", "the NPZ archive is cut off"),
        ("a.npz", b"\x80\x04K\x01.", "the file is no NPZ archive"),
        ("a.glb", b"glTF\x02\x00\x00\x00\x00\x10\x00\x00JSON", "16 of 4096 bytes are there"),
        ("a.stl", b"\x00" * 80 + b"\x02\x00\x00\x00" + b"\x00" * 50, "134 of 184 bytes are there"),
        ("a.stl", b"solid a\nfacet normal 0 0 1\nouter loop\n", "cut off: it has no `endsolid`"),
        ("a.ply", b"\n<!DOCTYPE html>\n<html>", "is a web page"),
        ("a.xyz", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2 3 4\n", "pointer of Git LFS"),
        ("a.off", b"OFF\n3 1 0\n0 0 0\n", "no valid OFF"),
        ("a.glb", b"PK\x03\x04\x14\x00", "the file is a ZIP archive; unpack it"),
        ("a.ply", b"\x1f\x8b\x08\x00", "the file is packed by gzip; unpack it"),
        ("a.stl", b"Kaydara FBX Binary  \x00", "the file is an FBX file; convert it to glb"),
        ("a.gltf", b"glTF\x02\x00\x00\x00", "the file is a GLB file; let its name end in .glb"),
        ("a.stl", b"ply\nformat ascii 1.0\n", "the file is a PLY file; let its name end in .ply"),
        ("a.ply", b"ply\nformat ascii 1.0\nelement vertex 3\n", "no valid PLY|no faces"),
        ("a.off", b"OFF\n3 1 0\n0 0 0\n0 0 0\n0 0 0\n3 0 1 2\n", "zero area"),
    ],
)
def test_each_broken_file_has_a_reason(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    (raw,) = objects(tmp_path, class_list=names(tmp_path)).values()
    with pytest.raises(UnreadableObjectError, match=reason) as error:
        make_object_sample(raw)
    assert "\n" not in str(error.value)


def test_what_goes_wrong_with_files_of_the_documented_folder(tmp_path: Path) -> None:
    """docs/own_data_transcript.md lists these reasons."""
    folder = tmp_path / "mine"
    (folder / "downloads").mkdir(parents=True)
    assert break_things(folder) == 14
    reasons, usable = {}, set()
    for name, raw in objects(folder, class_list=names(tmp_path)).items():
        try:
            make_object_sample(raw)
            usable.add(name)
        except UnreadableObjectError as error:
            reasons[name] = str(error)
    assert usable == {"downloads/some NaN.npy", "downloads/missing texture.obj"}
    page = (Path(__file__).parents[2] / "docs/own_data_transcript.md").read_text(encoding="utf-8")
    assert not [name for name, reason in reasons.items() if f"| {name} | {reason} |" not in page]
    assert len(reasons) == 12


def labeled_tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    for label in ("Chair", "night_stand", "misc"):
        (folder / label / "more").mkdir(parents=True)
        (folder / label / "more" / "1.stl").write_bytes(trimesh.creation.box().export(file_type="stl"))
    (folder / "loose.stl").write_bytes(trimesh.creation.box().export(file_type="stl"))
    return folder


def test_subfolders_are_labels_if_asked(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = labeled_tree(tmp_path)
    found = objects(folder, labels="subfolder", class_list=names(tmp_path))
    assert {raw.source.split("/")[0]: raw.class_name for raw in found.values()} == {
        "Chair": "chair",
        "night_stand": "night stand",
        "misc": None,
        "loose.stl": None,
    }
    assert "'misc'" in caplog.text
    assert all(raw.class_name is None for raw in objects(folder, class_list=names(tmp_path)).values())


def test_subfolders_are_the_classes_without_a_list(tmp_path: Path) -> None:
    source = FolderSettings(kind="folder", path=labeled_tree(tmp_path)).open(tmp_path)
    assert source.class_names == ("Chair", "misc", "night stand")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"names\.txt has 0 name\(s\); at least two"),
        ("\n \n", "has 0 name"),
        ("chair\n", "has 1 name"),
        ("night_stand\nchair\nNight stand\n", r"'Night stand' twice \(names 1 and 3\)"),
    ],
)
def test_a_class_list_with_a_mistake_is_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    folder = labeled_tree(tmp_path)
    with pytest.raises(CrossmostError, match=message) as error:
        objects(folder, class_list=names(tmp_path, text))
    assert "\n" not in str(error.value)


def test_names_count_however_their_accents_are_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """macOS takes accents in names of folders apart, editors write them as one character."""
    place = tmp_path / "tree" / unicodedata.normalize("NFD", "Stühle")
    place.mkdir(parents=True)
    (place / "1.stl").write_bytes(trimesh.creation.box().export(file_type="stl"))
    listed = names(tmp_path, unicodedata.normalize("NFC", "Stühle") + "\nTische\n")
    (raw,) = objects(tmp_path / "tree", labels="subfolder", class_list=listed).values()
    assert raw.class_name == unicodedata.normalize("NFC", "Stühle") and not caplog.text


@pytest.mark.parametrize("settings", [FolderSettings, FolderTriplets, ListTriplets, PredictionParameters])
def test_axes_that_do_not_fit_are_refused_with_the_settings(settings: type[BaseModel]) -> None:
    kind = {"FolderSettings": "folder", "FolderTriplets": "folder", "ListTriplets": "list"}.get(settings.__name__)
    given = {"kind": kind} if kind else {}
    assert settings.model_validate(given | {"up": "z", "front": "-y"})
    with pytest.raises(ValidationError, match="up is z and front is -z; they must be at right angles"):
        settings.model_validate(given | {"up": "z", "front": "-z"})


def test_what_is_missing_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"no folder .*absent.*--params"):
        objects(tmp_path / "absent")
    with pytest.raises(MissingInputError, match=r"no object in .*formats that are read: \.obj \.off"):
        objects(tmp_path)
    (tmp_path / "a.stl").write_bytes(trimesh.creation.box().export(file_type="stl"))
    with pytest.raises(MissingInputError, match=r"Which classes.*class_list=FILE"):
        objects(tmp_path)
    with pytest.raises(MissingInputError, match=r"no class list .*nowhere\.txt"):
        objects(tmp_path, class_list=tmp_path / "nowhere.txt")


def test_the_class_list_inside_the_folder_is_no_object(tmp_path: Path) -> None:
    (tmp_path / "a.stl").write_bytes(trimesh.creation.box().export(file_type="stl"))
    assert set(objects(tmp_path, class_list=names(tmp_path, "1 2 3\n4 5 6\n"))) == {"a.stl"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.obj", "mtllib " + 300 * "a" + "\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"),
        ("a.ply", "ply\nformat ascii 1.0\ncomment TextureFile " + 300 * "a" + "\nelement vertex 0\nend_header\n"),
        ("a.gltf", '{"asset": {"version": "2.0"}, "buffers": [{"uri": "' + 300 * "a" + '", "byteLength": 1}]}'),
        (
            "a.gltf",
            '{"asset": {"version": "2.0"}, "buffers": [{"uri": "data:x/y,%00' + 300 * "a" + '", "byteLength": 1}]}',
        ),
        ("a.gltf", 200_000 * "["),
        ("a.glb", "glTF" + 16 * "\0" + 200_000 * "["),
    ],
)
def test_no_reference_and_no_description_stops_the_listing(name: str, content: str, tmp_path: Path) -> None:
    content = content.replace("glTF" + 16 * "\0", "glTF\x02\0\0\0\x54\x0d\x03\0\x40\x0d\x03\0JSON")
    (tmp_path / "in").mkdir()
    (tmp_path / "names.txt").write_text("chair\ntable\n")
    (tmp_path / "in" / name).write_bytes(content.encode("latin-1"))
    np.savetxt(tmp_path / "in/good.xyz", np.random.default_rng(0).normal(size=(30, 3)))
    listed = objects(tmp_path / "in", class_list=tmp_path / "names.txt")
    assert len(listed) == 2
    try:
        make_object_sample(listed[name])
    except UnreadableObjectError:
        assert name != "a.obj", "without its colors it is an object all the same"


def test_the_fingerprint_covers_the_modules_that_read_files() -> None:
    """Else prepared objects would stay as they are when one of them changes."""
    graph = grimp.build_graph("crossmost")
    read = {"crossmost.sources.mesh_files", "crossmost.sources.cloud_files"}
    needed = set().union(*(graph.find_modules_directly_imported_by(module) for module in read)) | read
    needed |= graph.find_modules_directly_imported_by("crossmost.sources.gltf_files")
    own = {
        module for module in needed if module.startswith("crossmost.sources.") and module != "crossmost.sources.base"
    }
    assert own and own <= set(FolderSettings.code)
