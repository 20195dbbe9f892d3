import json
import os
import pickle
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
import yaml

from crossmost.errors import CrossmostError, MissingInputError, UnreadableObjectError
from crossmost.shards import decode_json
from crossmost.shards.archive import write_shard
from crossmost.sources import make_object_sample
from crossmost.sources.glb import from_glb
from crossmost.sources.object_ids import slug
from crossmost.sources.properties import parse_properties
from crossmost.sources.sweethome3d import ClassRules, FurniturePiece, SweetHome3DSource
from tests.sources.sh3f import BOX_ENTRY, BOX_FILES, BOX_MTL, BOX_OBJ, png, write_library

RULES = ClassRules("play", (("cabinet", "cabinet|cupboard"), ("chair", r"\bchair")))


def pieces(folder: Path) -> list[FurniturePiece]:
    return list(SweetHome3DSource(folder, RULES).objects())


def load_one(
    folder: Path, entry: Mapping[str, str] = BOX_ENTRY, files: Mapping[str, bytes] = BOX_FILES
) -> trimesh.Scene:
    write_library(folder / "a.sh3f", [entry], files)
    (piece,) = pieces(folder)
    return piece.load()


def colors_by_normal(scene: trimesh.Scene) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Rounded face normal → RGBA, of the compacted and reloaded mesh."""
    found = {}
    for mesh in scene.geometry.values():
        assert isinstance(mesh, trimesh.Trimesh)
        for normal, face in zip(mesh.face_normals, mesh.faces, strict=True):
            visual: Any = mesh.visual
            image = getattr(getattr(visual, "material", None), "baseColorTexture", None)
            if image is not None:
                color = (*image.convert("RGB").getpixel((0, 0)), 255)
            elif visual.kind == "vertex":
                color = tuple(visual.vertex_colors[face[0]].tolist())
            else:
                color = tuple(np.asarray(visual.material.main_color).tolist())
            found[tuple(np.round(normal).astype(int).tolist())] = color
    return found


def test_an_entry_is_read_with_its_names_class_and_credit(tmp_path: Path) -> None:
    write_library(tmp_path / "a.sh3f", [BOX_ENTRY, {**BOX_ENTRY, "id": "Maker#toy", "name": "Play cabinet"}])
    (piece,) = pieces(tmp_path)
    assert piece.object_id == "maker-box"
    assert piece.class_name == "cabinet"
    assert piece.captions == ("Kitchen cabinet", "Storage", "Box")
    assert piece.credit == "Jérôme, Test library, CC0"
    assert pickle.loads(pickle.dumps(piece)) == piece


def test_the_bounding_box_is_the_catalog_size_in_meters(tmp_path: Path) -> None:
    scene = load_one(tmp_path)
    np.testing.assert_allclose(scene.extents, [0.6, 0.905, 0.4])
    np.testing.assert_allclose(scene.bounds[0], [-0.3, 0, -0.2], atol=1e-12)


def test_the_rotation_is_row_major_and_comes_before_the_size(tmp_path: Path) -> None:
    # x' = z, y' = y, z' = −x: what looked at +z then looks at +x.
    scene = load_one(tmp_path, {**BOX_ENTRY, "modelRotation": "0 0 1 0 1 0 -1 0 0"})
    np.testing.assert_allclose(scene.extents, [0.6, 0.905, 0.4])
    meshes: list[Any] = scene.dump()
    (textured,) = [mesh for mesh in meshes if mesh.visual.material.image is not None]
    np.testing.assert_allclose(textured.face_normals, [[1, 0, 0]] * 2, atol=1e-12)


def test_colors_and_textures_survive_the_store(tmp_path: Path) -> None:
    write_library(tmp_path / "a.sh3f", [BOX_ENTRY])
    sample = make_object_sample(pieces(tmp_path)[0])
    colors = colors_by_normal(from_glb(sample.members["glb"]))
    red, green, blue, _ = colors.pop((0, 0, 1))
    assert red < 8 and green < 8 and blue > 246  # the picture's own blue, whatever diffuse color is beside it
    assert set(colors.values()) == {(255, 128, 0, 255)} and len(colors) == 5


@pytest.mark.parametrize("line", ["d 0.25", "Tr 0.75", "d -halo 0.25"])
def test_transparency_survives_the_store(tmp_path: Path, line: str) -> None:
    files = {**BOX_FILES, "maker/box/box.mtl": BOX_MTL.replace("\nd 1.0", f"\n{line}").encode()}
    write_library(tmp_path / "a.sh3f", [BOX_ENTRY], files)
    colors = colors_by_normal(from_glb(make_object_sample(pieces(tmp_path)[0]).members["glb"]))
    assert colors[(0, 1, 0)] == (255, 128, 0, 64)


@pytest.mark.parametrize(
    ("reference", "stored"),
    [
        ("Front.PNG", "maker/box/front.png"),
        ("my%20front.png", "maker/box/my front.png"),
        ("my front.png", "maker/box/my front.png"),
        ("C:\\Users\\me\\front.png", "maker/box/front.png"),
        ("/home/me/textures/front.png", "maker/box/front.png"),
        ("../shared/front.png", "maker/shared/front.png"),
        ("-s 1 1 1 front.png", "maker/box/front.png"),
    ],
)
def test_textures_are_found_however_they_are_written(tmp_path: Path, reference: str, stored: str) -> None:
    files = dict(BOX_FILES)
    del files["maker/box/front.png"]
    files["maker/box/box.mtl"] = BOX_MTL.replace("front.png", reference).encode()
    files[stored] = png()
    scene = load_one(tmp_path, files=files)
    assert any(mesh.visual.material.image is not None for mesh in scene.geometry.values())


def test_a_reference_never_leaves_the_zip(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png((255, 0, 0)))
    library = tmp_path / "deep" / "library"
    files = {**BOX_FILES, "maker/box/box.mtl": BOX_MTL.replace("front.png", "../../../secret.png").encode()}
    scene = load_one(library, files=files)
    assert all(mesh.visual.material.image is None for mesh in scene.geometry.values())
    assert scene.metadata["missing_files"] == ["../../../secret.png"]


def test_hostile_member_names_are_never_extracted(tmp_path: Path) -> None:
    library = tmp_path / "deep" / "library"
    hostile = {"../../evil.obj": b"x", "/tmp/crossmost-evil": b"x", "..\\evil.png": b"x"}
    write_library(library / "a.sh3f", [BOX_ENTRY], {**BOX_FILES, **hostile})
    before = sorted(tmp_path.rglob("*"))
    make_object_sample(pieces(library)[0])
    assert sorted(tmp_path.rglob("*")) == before and not Path("/tmp/crossmost-evil").exists()


def test_a_broken_or_lost_texture_leaves_a_flat_color(tmp_path: Path) -> None:
    write_library(tmp_path / "a.sh3f", [BOX_ENTRY], {**BOX_FILES, "maker/box/front.png": b"no picture"})
    colors = colors_by_normal(from_glb(make_object_sample(pieces(tmp_path)[0]).members["glb"]))
    assert colors[(0, 0, 1)] == (51, 51, 51, 255)


def test_large_textures_shrink_and_keep_their_holes(tmp_path: Path) -> None:
    write_library(
        tmp_path / "a.sh3f", [BOX_ENTRY], {**BOX_FILES, "maker/box/front.png": png((9, 200, 9, 0), (2048, 1024))}
    )
    scene = from_glb(make_object_sample(pieces(tmp_path)[0]).members["glb"])
    (material,) = [mesh.visual.material for mesh in scene.geometry.values() if mesh.visual.kind == "texture"]
    assert material.baseColorTexture.size == (512, 256)
    assert material.baseColorTexture.mode == "RGBA" and material.alphaMode == "BLEND"


@pytest.mark.parametrize(
    ("change", "files", "reason"),
    [
        ({"width": "wide"}, {}, "expected 3 numbers"),
        ({"width": "nan"}, {}, "expected 3 numbers"),
        ({"height": "0"}, {}, "must be positive"),
        ({"modelRotation": "1 0 0"}, {}, "expected 9 numbers"),
        ({"modelRotation": "0 0 0 0 0 0 0 0 0"}, {}, "no rotation"),
        ({"model": "/maker/absent/absent.obj"}, {}, "has no file"),
        ({"model": ""}, {}, "names no model"),
        ({"model": "/maker/box/front.png"}, {}, "no OBJ"),
        ({}, {"maker/box/box.obj": b""}, "no faces"),
        ({}, {"maker/box/box.obj": b"\x00\xff not an object"}, "no faces"),
        ({}, {"maker/box/box.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\n"}, "no faces"),
        ({}, {"maker/box/box.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n"}, "no valid OBJ|do not exist"),
        ({}, {"maker/box/box.obj": b"v 0 0 0\nv 1 0 0\nv nan 1 0\nf 1 2 3\n"}, "finite|no valid OBJ"),
        ({}, {"maker/box/box.obj": b"v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n"}, "no extent"),
        ({}, {"maker/box/box.obj": b"v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n"}, "zero area"),
    ],
)
def test_a_bad_object_is_unreadable_with_a_reason(
    tmp_path: Path, change: dict[str, str], files: dict[str, bytes], reason: str
) -> None:
    write_library(tmp_path / "a.sh3f", [{**BOX_ENTRY, **change}], {**BOX_FILES, **files})
    with pytest.raises(UnreadableObjectError, match=reason):
        make_object_sample(pieces(tmp_path)[0])


def test_a_damaged_member_is_unreadable(tmp_path: Path) -> None:
    path = write_library(tmp_path / "a.sh3f", [BOX_ENTRY])
    content = bytearray(path.read_bytes())
    content[content.index(b"mtllib box.mtl") + 20] ^= 0xFF
    (piece,) = pieces(tmp_path)
    path.write_bytes(content)
    with pytest.raises(UnreadableObjectError, match="cannot be read"):
        piece.load()


def test_an_absurdly_large_member_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossmost.sources.archive_assets.MAX_MEMBER_BYTES", 100)
    write_library(tmp_path / "a.sh3f", [])
    with pytest.raises(CrossmostError, match="at most 100"):
        load_one(tmp_path, files={**BOX_FILES, "maker/box/box.obj": BOX_OBJ.encode() + b"#" * 1000})


def test_the_stored_facts_hold_no_label(tmp_path: Path) -> None:
    entry = {**BOX_ENTRY, "id": "Maker#0815", "tags": "wardrobe"}
    write_library(tmp_path / "a.sh3f", [entry])
    sample = make_object_sample(pieces(tmp_path)[0])
    for content in sample.members.values():
        assert b"cabinet" not in content and b"wardrobe" not in content
    assert decode_json(sample.members["json"])["n_faces"] == 12


def test_the_hash_follows_the_files_and_the_entry(tmp_path: Path) -> None:
    hashes = set()
    for number, (entry, files) in enumerate(
        [
            (BOX_ENTRY, BOX_FILES),
            ({**BOX_ENTRY, "width": "61"}, BOX_FILES),
            (BOX_ENTRY, {**BOX_FILES, "maker/box/front.png": png((1, 2, 3))}),
        ]
    ):
        write_library(tmp_path / str(number) / "a.sh3f", [entry], files)
        hashes.add(pieces(tmp_path / str(number))[0].sha256)
    assert len(hashes) == 3
    write_library(tmp_path / "again" / "a.sh3f", [BOX_ENTRY])
    assert pieces(tmp_path / "again")[0].sha256 in hashes


def test_samples_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    write_library(tmp_path / "a.sh3f", [BOX_ENTRY])
    (piece,) = pieces(tmp_path)
    assert make_object_sample(piece) == make_object_sample(replace(piece))


def test_ids_stay_unique_when_two_entries_share_one(tmp_path: Path) -> None:
    write_library(tmp_path / "a.sh3f", [BOX_ENTRY, {**BOX_ENTRY, "width": "50"}])
    ids = [piece.object_id for piece in pieces(tmp_path)]
    assert ids[0] == "maker-box" and ids[1].startswith("maker-box-") and len(set(ids)) == 2


def test_ids_that_are_too_long_for_a_store_are_shortened(tmp_path: Path) -> None:
    entries = [{**BOX_ENTRY, "id": f"Maker#{'x' * 90}{number}"} for number in (1, 2)]
    entries += [{**BOX_ENTRY, "id": "m" * 86}, {**entries[0], "name": "Another cabinet"}]
    found = pieces(write_library(tmp_path / "A.sh3f", entries).parent)
    ids = [piece.object_id for piece in found]
    assert len(set(ids)) == 4 and ids[2] == "m" * 86
    write_shard(tmp_path / "all.tar", [make_object_sample(piece) for piece in found])


def test_hidden_files_are_no_libraries(tmp_path: Path) -> None:
    write_library(tmp_path / "A.sh3f", [BOX_ENTRY])
    (tmp_path / "._A.sh3f").write_bytes(b"\0\5\x16\7")
    assert len(pieces(tmp_path)) == 1


def test_an_empty_folder_says_how_to_get_the_libraries(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"make data.*--env=shapes"):
        SweetHome3DSource(tmp_path, RULES)


def test_files_that_are_no_library_are_named(tmp_path: Path) -> None:
    (tmp_path / "broken.sh3f").write_bytes(b"no zip")
    with pytest.raises(CrossmostError, match=r"broken\.sh3f is damaged"):
        pieces(tmp_path)
    with zipfile.ZipFile(tmp_path / "broken.sh3f", "w") as archive:
        archive.writestr("hello.txt", "")
    with pytest.raises(CrossmostError, match="no furniture library"):
        pieces(tmp_path)


@pytest.mark.parametrize(
    ("identity", "expected"),
    [("Scopia#bed1", "scopia-bed1"), ("Blend Swap CC-0#L_shaped_sofa", "blend-swap-cc-0-l_shaped_sofa")],
)
def test_slugs(identity: str, expected: str) -> None:
    assert slug(identity) == expected
    assert slug("日本").startswith("object-")


def test_properties_follow_the_java_rules() -> None:
    text = b"# no\n! no\nname#1 = Caf\xe9 \\u20ac\nlong: one \\\n   two\nempty=\nodd#-1\nback\\\\=a\\:b\n\na b=c"
    assert parse_properties(text) == {
        "name#1": "Café €",
        "long": "one two",
        "empty": "",
        "odd#-1": "",
        "back\\": "a:b",
        "a": "b=c",
    }


def shipped_rules() -> ClassRules:
    configuration = Path(__file__).parents[2] / "conf" / "base" / "parameters_ingestion.yml"
    settings = yaml.safe_load(configuration.read_text())["ingestion"]["sources"]["sweethome3d"]
    return ClassRules(settings["exclude"], tuple((rule["name"], rule["pattern"]) for rule in settings["classes"]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Indoor plant", "plant"),
        ("Bedside table", None),
        ("Armchair", "chair"),
        ("Wheelchair", None),
        ("Garage door", None),
        ("Sofa bed", "sofa"),
        ("Carpet", None),
        ("Drinking glass", "cup"),
    ],
)
def test_shipped_rules_put_names_into_classes(name: str, expected: str | None) -> None:
    assert shipped_rules().class_of(name) == expected


@pytest.mark.skipif("SWEETHOME3D_FOLDER" not in os.environ, reason="set SWEETHOME3D_FOLDER to the real libraries")
def test_the_real_libraries_give_the_documented_counts() -> None:
    source = SweetHome3DSource(Path(os.environ["SWEETHOME3D_FOLDER"]), shipped_rules())
    counts = Counter(piece.class_name for piece in source.objects())
    expected = json.loads(
        '{"cabinet": 34, "chair": 57, "sofa": 23, "stool": 11, "lamp": 28, "table": 46, "bed": 17, "person": 29,'
        '"car": 19, "bicycle": 8, "door": 13, "window": 17, "tree": 21, "plant": 21, "bottle": 12, "cup": 10}'
    )
    assert counts == expected and sum(counts.values()) == 366
