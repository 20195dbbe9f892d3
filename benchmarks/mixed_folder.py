"""A folder such as people have: 200 files in many formats, of several origins, some broken; for trying the docs on it.

`python -m benchmarks.mixed_folder FOLDER` writes it; with the default objects ingested, half of it are real furniture.
The names of the classes to tell apart lie beside it in `names.txt`.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import laspy
import numpy as np
import trimesh
from trimesh.exchange.obj import export_obj
from trimesh.visual.texture import TextureVisuals

from crossmost.shards import ShardStore
from crossmost.sources.glb import from_glb
from crossmost.sources.shapes.generator import CLASSES, generate_shape

DEFAULT_MESHES = Path(__file__).parents[1] / "data/02_intermediate/meshes"
N_FURNITURE, N_SHAPES, N_PARTS = 100, 70, 16

Writer = Callable[[trimesh.Scene, Path, int], Path]


def write_folder(folder: Path, meshes: Path | None) -> int:
    """Write the files.

    Args:
        folder: must not exist.
        meshes: a mesh store of ingestion, or None to take procedural shapes only.

    Returns:
        How many of the files are meant to be objects, broken ones included.
    """
    folder.mkdir(parents=True)
    writers = cycle(
        [obj_with_textures, glb, upper_case_obj, gltf, ply, stl, off, three_mf, ply_cloud, xyz, npy, npz, las]
    )
    places = cycle(["downloads", "CAD/export 2024", "Möbel (alt)", ""])
    scenes = list(_scenes(meshes))
    for number, (scene, writer, place) in enumerate(zip(scenes, writers, places, strict=False)):
        (folder / place).mkdir(parents=True, exist_ok=True)
        writer(scene, folder / place / f"item {number:03d}", number)
    for number, mesh in enumerate(_parts()):
        parts = folder / "parts in mm"
        parts.mkdir(exist_ok=True)
        kind = "stl_ascii" if number % 2 else "stl"
        (parts / f"Part-{number:02d}.STL").write_bytes(_exported(mesh.apply_scale(1000), kind))
    broken = break_things(folder)
    (folder / "README.txt").write_text("Objects from three projects, see the wiki.\n")
    (folder / "invoice.pdf").write_bytes(b"%PDF-1.4")
    (folder / "Thumbs.db").write_bytes(b"\0")
    return len(scenes) + N_PARTS + broken


def break_things(folder: Path) -> int:
    """Add what goes wrong with files: returns how many."""
    place = folder / "downloads"
    box = trimesh.creation.box()
    glb_bytes = _exported(trimesh.Scene(box), "glb")
    points = np.random.default_rng(0).normal(size=(500, 3))
    (place / "empty.obj").write_bytes(b"")
    (place / "empty.stl").write_bytes(b"")
    (place / "half a download.glb").write_bytes(glb_bytes[: len(glb_bytes) // 2])
    three_mf_file = place / "truncated.3mf"
    trimesh.Scene(box.subdivide().subdivide()).export(three_mf_file)
    three_mf_file.write_bytes(three_mf_file.read_bytes()[:-200])
    np.savez(place / "truncated.npz", points=points)
    (place / "truncated.npz").write_bytes((place / "truncated.npz").read_bytes()[:3000])
    (place / "NaN everywhere.npy").write_bytes(_npy(np.full((400, 3), np.nan)))
    some = points.copy()
    some[::7] = np.nan
    (place / "some NaN.npy").write_bytes(_npy(some))  # usable: the other points are fine
    (place / "nan corner.obj").write_text("v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (place / "web page.ply").write_text("<!DOCTYPE html><html>404 Not Found</html>\n")
    (place / "only lines.obj").write_text("v 0 0 0\nv 1 0 0\nl 1 2\n")
    (place / "flat line.off").write_text("OFF\n3 1 0\n0 0 0\n1 0 0\n2 0 0\n3 0 1 2\n")
    (place / "missing texture.obj").write_text(
        "mtllib missing texture.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0.5\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
        "usemtl wood\nf 1/1 2/2 3/3\nf 1/1 3/3 4/4\n"
    )
    (place / "missing texture.mtl").write_text("newmtl wood\nKd 0.6 0.4 0.2\nmap_Kd C:\\Users\\me\\wood.jpg\n")
    (place / "pickled.npy").write_bytes(_npy(np.array([{"xyz": 1}], dtype=object)))
    (place / "three points.xyz").write_text("0 0 0\n1 0 0\n0 1 0\n")
    return 14


def _scenes(meshes: Path | None) -> Iterator[trimesh.Scene]:
    """Real furniture, evenly over the store, then procedural shapes."""
    n_shapes = N_SHAPES
    if meshes is None:
        n_shapes += N_FURNITURE
    else:
        store = ShardStore(meshes)
        wanted = {round(number) for number in np.linspace(0, len(store) - 1, N_FURNITURE)}
        for number, sample in enumerate(store):
            if number in wanted:
                yield from_glb(sample.members["glb"])
    names = cycle(CLASSES)
    for seed in range(n_shapes):
        yield trimesh.Scene(generate_shape(next(names), 7_000_000 + seed).mesh)


def _parts() -> Iterator[trimesh.Trimesh]:
    """What a CAD program exports, in no class at all."""
    rng = np.random.default_rng(0)
    for number in range(N_PARTS):
        size = rng.uniform(0.02, 0.2, 3)
        yield [
            trimesh.creation.box(size),
            trimesh.creation.cylinder(size[0], size[1]),
            trimesh.creation.icosphere(3, size[0]),
            trimesh.creation.torus(size[0] + size[1], size[1] / 2),
        ][number % 4]


def _single(scene: trimesh.Scene) -> trimesh.Trimesh:
    mesh = scene.to_mesh()
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)


def _in_linear_light(scene: trimesh.Scene) -> trimesh.Scene:
    """The scene, changed: base colors and those of corners as glTF means them; trimesh writes them as they are."""
    for mesh in scene.geometry.values():
        visual: Any = mesh.visual
        if not isinstance(visual, TextureVisuals):
            visual.vertex_colors = _linear(visual.vertex_colors)
            continue
        material: Any = visual.material
        if material.baseColorFactor is not None:
            material.baseColorFactor = _linear(material.baseColorFactor)
        if "color" in visual.vertex_attributes:
            visual.vertex_attributes["color"] = _linear(visual.vertex_attributes["color"])
    return scene


def _linear(colors: np.ndarray) -> np.ndarray:
    """uint8 RGBA (…, 4) in linear light, of sRGB."""
    shares = np.asarray(colors) / 255
    color = shares[..., :3]
    light = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    linear: np.ndarray = (255 * np.concatenate([light, shares[..., 3:]], axis=-1)).round().astype(np.uint8)
    return linear


def _points(scene: trimesh.Scene, number: int, n: int = 4000) -> np.ndarray:
    return np.asarray(trimesh.sample.sample_surface(_single(scene), n, seed=number)[0])


def _exported(mesh: trimesh.Trimesh | trimesh.Scene, kind: str) -> bytes:
    content: Any = mesh.export(file_type=kind)
    return content.encode() if isinstance(content, str) else content


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def obj_with_textures(scene: trimesh.Scene, path: Path, number: int) -> Path:
    """OBJ, MTL and textures in a folder of their own; every third lost its textures on the way."""
    path.mkdir()
    exported: Any = export_obj(scene, return_texture=True, mtl_name="model.mtl")
    content, extra = exported
    (path / "model.obj").write_text(content)
    for name, data in extra.items():
        is_picture = not name.endswith(".mtl")
        if not (is_picture and number % 3 == 0):
            (path / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return path / "model.obj"


def upper_case_obj(scene: trimesh.Scene, path: Path, number: int) -> Path:
    """Upper-case ending, no material."""
    path.with_suffix(".OBJ").write_bytes(_exported(_single(scene), "obj"))
    return path.with_suffix(".OBJ")


def glb(scene: trimesh.Scene, path: Path, number: int) -> Path:
    """As it is."""
    path.with_suffix(".glb").write_bytes(_exported(_in_linear_light(scene), "glb"))
    return path.with_suffix(".glb")


def gltf(scene: trimesh.Scene, path: Path, number: int) -> Path:
    """glTF with its buffers and pictures beside it."""
    path.mkdir()
    parts: Any = _in_linear_light(scene).export(file_type="gltf")
    for name, data in parts.items():
        (path / name).write_bytes(data)
    return path / "model.gltf"


def ply(scene: trimesh.Scene, path: Path, number: int) -> Path:
    """Triangles without color."""
    path.with_suffix(".ply").write_bytes(_exported(_single(scene), "ply"))
    return path.with_suffix(".ply")


def stl(scene: trimesh.Scene, path: Path, number: int) -> Path:
    """Binary STL."""
    path.with_suffix(".stl").write_bytes(_exported(_single(scene), "stl"))
    return path.with_suffix(".stl")


def off(scene: trimesh.Scene, path: Path, number: int) -> Path:
    """OFF."""
    path.with_suffix(".off").write_bytes(_exported(_single(scene), "off"))
    return path.with_suffix(".off")


def three_mf(scene: trimesh.Scene, path: Path, number: int) -> Path:
    """3MF."""
    trimesh.Scene(_single(scene)).export(path.with_suffix(".3mf"))
    return path.with_suffix(".3mf")


def ply_cloud(scene: trimesh.Scene, path: Path, number: int) -> Path:
    """A cloud with colors by height."""
    points = _points(scene, number)
    height = (points[:, 1] - points[:, 1].min()) / max(np.ptp(points[:, 1]), 1e-9)
    colors = np.stack([255 * height, 80 + 0 * height, 255 * (1 - height), 255 + 0 * height], axis=1).astype(np.uint8)
    trimesh.PointCloud(points, colors).export(path.with_suffix(".ply"))
    return path.with_suffix(".ply")


def xyz(scene: trimesh.Scene, path: Path, number: int) -> Path:
    """Text with a heading."""
    np.savetxt(path.with_suffix(".xyz"), _points(scene, number), fmt="%.5f", header="x y z", comments="")
    return path.with_suffix(".xyz")


def npy(scene: trimesh.Scene, path: Path, number: int) -> Path:
    """Points in single precision."""
    np.save(path.with_suffix(".npy"), _points(scene, number).astype(np.float32))
    return path.with_suffix(".npy")


def npz(scene: trimesh.Scene, path: Path, number: int) -> Path:
    """Points and colors by name."""
    points = _points(scene, number)
    np.savez_compressed(path.with_suffix(".npz"), xyz=points, rgb=np.full_like(points, 0.5))
    return path.with_suffix(".npz")


def las(scene: trimesh.Scene, path: Path, number: int) -> Path:
    """Map coordinates, as surveyors have them."""
    header = laspy.LasHeader(point_format=3, version="1.2")
    header.scales, header.offsets = np.full(3, 0.001), np.array([500_000.0, 5_000_000.0, 100.0])
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = (_points(scene, number) + header.offsets).T
    cloud.write(path.with_suffix(".las"))
    return path.with_suffix(".las")


def main() -> None:
    """Write the folder, and the names of classes beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--meshes", type=Path, default=DEFAULT_MESHES, help="mesh store of real furniture")
    arguments = parser.parse_args()
    if arguments.folder.exists():
        parser.error(f"{arguments.folder} is there already; name a new folder")
    meshes = arguments.meshes if arguments.meshes.is_dir() else None
    total = write_folder(arguments.folder, meshes)
    names = arguments.folder.with_name("names.txt")
    names.write_text("\n".join(name.replace("_", " ") for name in CLASSES) + "\n")
    print(f"{total} objects in {arguments.folder}, class names in {names}")


if __name__ == "__main__":
    main()
