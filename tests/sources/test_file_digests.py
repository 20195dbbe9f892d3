"""An object is made anew when a file that it refers to has changed, wherever that lies, and for no other reason."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image
from trimesh.visual.material import SimpleMaterial

from crossmost.sources import FolderSettings, open_source
from crossmost.sources.file_digests import FileDigests
from crossmost.sources.mesh_files import read_mesh_file
from crossmost.sources.references import FolderResolver

OBJ = "mtllib {library}\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl wood\nf 1/1 2/1 3/1\n"
PLY = """ply
format ascii 1.0
comment TextureFile {texture}
element vertex 3
property float x
property float y
property float z
property float s
property float t
element face 1
property list uchar int vertex_indices
end_header
0 0 0 0 0
1 0 0 1 0
0 1 0 0 1
3 0 1 2
"""


def picture(path: Path, color: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), color).save(path, "BMP")  # a color has no influence on the size of the file


def with_materials(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "a.obj").write_text(OBJ.format(library="lib/a.mtl"))
    (folder / "lib").mkdir()
    (folder / "lib/a.mtl").write_text("newmtl wood\nKd 1 0 0\nmap_Kd -s 1 1 1 ../tex/WOOD.bmp\n")
    picture(folder.parent / "tex/wood.bmp", "red")
    picture(folder / "tex/wood.bmp", "red")
    return folder / "a.obj"


def with_texture_in_ply(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "a.ply").write_text(PLY.format(texture="wood.bmp"))
    picture(folder / "wood.bmp", "red")
    return folder / "a.ply"


def textured_box() -> trimesh.Trimesh:
    box = trimesh.creation.box()
    material = SimpleMaterial(image=Image.new("RGB", (4, 4), "red"))
    box.visual = trimesh.visual.TextureVisuals(uv=np.zeros((len(box.vertices), 2)), material=material)
    return box


def with_buffers(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in trimesh.Scene([textured_box()]).export(file_type="gltf").items():
        (folder / name).write_bytes(content)
    return folder / "model.gltf"


def with_picture_outside_glb(folder: Path) -> Path:
    folder.mkdir(parents=True)
    header = b'{"asset":{"version":"2.0"},"images":[{"uri":"wood.bmp"}],"buffers":[]} '
    chunk = len(header).to_bytes(4, "little") + b"JSON" + header
    (folder / "a.glb").write_bytes(b"glTF" + b"\x02\0\0\0" + (12 + len(chunk)).to_bytes(4, "little") + chunk)
    picture(folder / "wood.bmp", "red")
    return folder / "a.glb"


def digest(path: Path, root: Path) -> str:
    return FileDigests().of(path, root)


@pytest.mark.parametrize(
    ("make", "companion"),
    [
        (with_materials, "lib/a.mtl"),
        (with_materials, "../tex/wood.bmp"),
        (with_texture_in_ply, "wood.bmp"),
        (with_buffers, "gltf_buffer_0.bin"),
        (with_picture_outside_glb, "wood.bmp"),
    ],
)
def test_each_file_that_is_referred_to_counts(make: Callable[[Path], Path], companion: str, tmp_path: Path) -> None:
    model = make(tmp_path / "objects")
    file = model.parent / companion
    content, before = file.read_bytes(), digest(model, tmp_path)
    assert digest(model, tmp_path) == before
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    changed = digest(model, tmp_path)
    file.unlink()
    assert len({before, changed, digest(model, tmp_path)}) == 3, "another content, none"
    file.write_bytes(content)
    (model.parent / "other.png").write_bytes(b"?")
    assert digest(model, tmp_path) == before, "only what is referred to counts"


@pytest.mark.parametrize("make", [with_materials, with_texture_in_ply, with_buffers])
def test_the_files_that_count_are_those_that_are_read(
    make: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make(tmp_path / "objects")
    asked: list[Path] = []
    find = FolderResolver.find

    def remember(self: FolderResolver, name: str) -> Path | None:
        found = find(self, name)
        if found is not None:
            asked.append(found)
        return found

    monkeypatch.setattr(FolderResolver, "find", remember)
    digest(model, tmp_path)
    counted = set(asked)
    asked.clear()
    read_mesh_file(model, tmp_path)
    assert set(asked) == counted != set()


def test_a_texture_outside_the_folder_does_not_count(tmp_path: Path) -> None:
    model = with_materials(tmp_path / "objects")
    before = digest(model, model.parent)
    picture(tmp_path / "tex/wood.bmp", "blue")
    assert digest(model, model.parent) == before


def test_objects_without_references_are_known_by_their_bytes(tmp_path: Path) -> None:
    contents = {
        "a.obj": b"v 0 0 0\n",
        "a.gltf": b"{",
        "b.gltf": b"[1]",
        "a.glb": b"glTF",
        "a.ply": b"ply",
        "a.stl": b"",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        assert digest(tmp_path / name, tmp_path) == hashlib.sha256(content).hexdigest()


def test_listing_looks_at_each_folder_and_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many models in one folder: no model is compared with all files beside it."""
    for number in range(30):
        (tmp_path / f"{number}.obj").write_text(OBJ.format(library="SHARED.mtl" if number % 2 else "lost.mtl"))
    (tmp_path / "shared.mtl").write_text("newmtl wood\nKd 1 0 0\n")
    looked_at: list[Any] = []

    def watched(look: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any) -> Any:
            looked_at.append(arguments)
            return look(*arguments)

        return noted

    for name in ("listdir", "scandir"):
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    source = open_source(FolderSettings(kind="folder", path=tmp_path, class_list=classes(tmp_path)), tmp_path)
    assert len(list(source.objects())) == 30
    assert len(looked_at) <= 3


def classes(folder: Path) -> Path:
    file = folder.parent / "names.txt"
    file.write_text("chair\ntable\n")
    return file
