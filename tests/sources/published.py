"""Small data sets in the exact layouts they are published in, made of procedural shapes."""

from __future__ import annotations

import gzip
import json
import pickle
import zipfile
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import trimesh
from PIL import Image

from crossmost.sources.scanobjectnn import CLASSES as SCANOBJECTNN
from crossmost.sources.shapes.generator import generate_shape

Z_UP = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=np.float64)
"""From y up to z up."""


def shape(class_name: str, seed: int) -> trimesh.Trimesh:
    """A procedural object, y up, without colors."""
    mesh = generate_shape(class_name, seed).mesh
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)


def cloud(class_name: str, seed: int, n: int = 300) -> np.ndarray:
    """(n, 3) float32 points of it."""
    return np.asarray(trimesh.sample.sample_surface(shape(class_name, seed), n, seed=seed)[0], dtype=np.float32)


def off_text(mesh: trimesh.Trimesh, *, glued: bool) -> str:
    """An OFF file; in some of ModelNet40 the counts are glued to the first word."""
    lines = [f"OFF{'' if glued else chr(10)}{len(mesh.vertices)} {len(mesh.faces)} 0"]
    lines += [" ".join(f"{value:.5f}" for value in vertex) for vertex in mesh.vertices]
    lines += [f"3 {a} {b} {c}" for a, b, c in mesh.faces]
    return "\n".join(lines) + "\n"


def modelnet_off(
    folder: Path, classes: Sequence[str], per_split: int = 2, *, top: str = "ModelNet40", renders: bool = False
) -> None:
    """`ModelNet40/CLASS/{train,test}/CLASS_0001.off`, z up, and perhaps `renders/SPLIT/CLASS/ID_001.png`."""
    for class_number, name in enumerate(classes):
        for number in range(2 * per_split):
            split = "train" if number < per_split else "test"
            mesh = shape(_generator_class(name), 100 * class_number + number)
            mesh.vertices = mesh.vertices @ Z_UP.T
            path = folder / top / name / split / f"{name}_{number + 1:04d}.off"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(off_text(mesh, glued=number % 2 == 1))
            for view in range(1, 13) if renders else ():
                picture = folder / "renders" / split / name / f"{path.stem}_{view:03d}.png"
                picture.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGBA", (64, 64), (20 * view, 0, 200, 255)).save(picture)


def modelnet_h5(folder: Path, labels: dict[str, list[int]]) -> None:
    """`modelnet40_ply_hdf5_2048`: lists with paths of the authors' machine, `data` and `label`."""
    root = folder / "modelnet40_ply_hdf5_2048"
    root.mkdir(parents=True)
    for split, indices in labels.items():
        name = f"ply_data_{split}0.h5"
        (root / f"{split}_files.txt").write_text(f"data/modelnet40_ply_hdf5_2048/{name}\n")
        with h5py.File(root / name, "w") as file:
            file["data"] = np.stack([cloud("chair", seed) for seed in range(len(indices))])
            file["label"] = np.array(indices, dtype=np.uint8).reshape(-1, 1)


def modelnet_text(folder: Path, classes: Sequence[str], per_split: int = 2) -> None:
    """`modelnet40_normal_resampled`: comma-separated points with normals, lists of ids."""
    root = folder / "modelnet40_normal_resampled"
    for split in ("train", "test"):
        root.mkdir(parents=True, exist_ok=True)
        ids = [
            f"{name}_{number + (split == 'test') * per_split + 1:04d}"
            for name in classes
            for number in range(per_split)
        ]
        (root / f"modelnet40_{split}.txt").write_text("\n".join(ids) + "\n")
        for seed, object_id in enumerate(ids):
            path = root / object_id.rpartition("_")[0] / f"{object_id}.txt"
            path.parent.mkdir(exist_ok=True)
            points = cloud(_generator_class(object_id.rpartition("_")[0]), seed)
            np.savetxt(path, np.hstack([points, np.full_like(points, 0.577)]), fmt="%.6f", delimiter=",")


def modelnet_dat(folder: Path, labels: dict[str, list[int]]) -> None:
    """`modelnet40_train_8192pts_fps.dat`: [list of clouds with normals, list of labels], pickled."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, indices in labels.items():
        clouds = [np.hstack([cloud("chair", seed)] * 2).astype(np.float32) for seed in range(len(indices))]
        content = [clouds, [np.array([index], dtype=np.int32) for index in indices]]
        (folder / f"modelnet40_{split}_8192pts_fps.dat").write_bytes(pickle.dumps(content, protocol=3))


def scanobjectnn(folder: Path, per_split: int = 6) -> None:
    """`h5_files/main_split{,_nobg}/*.h5` with `data`, `label` and `mask`."""
    names = {
        "main_split": ("objectdataset", "objectdataset_augmentedrot_scale75"),
        "main_split_nobg": ("objectdataset",),
    }
    for split_folder, stems in names.items():
        root = folder / "h5_files" / split_folder
        root.mkdir(parents=True)
        for stem in stems:
            for split in ("training", "test"):
                labels = [number % len(SCANOBJECTNN) for number in range(per_split)]
                with h5py.File(root / f"{split}_{stem}.h5", "w") as file:
                    generator_class = [_generator_class(SCANOBJECTNN[label]) for label in labels]
                    seeds = range(0 if split == "training" else 500, 1000)
                    file["data"] = np.stack(
                        [cloud(name, seed) for name, seed in zip(generator_class, seeds, strict=False)]
                    )
                    file["label"] = np.array(labels, dtype=np.int32)
                    file["mask"] = np.zeros((per_split, 300), dtype=np.int32)


def shapenet(folder: Path, per_class: int = 3, *, renders: bool = True) -> None:
    """`shapenet_pc/SYNSET-MODEL.npy`, lists, taxonomy.json, `rendered_images/ID/ID_r_000.png` with depth beside it."""
    synsets = {"03001627": "chair", "04379243": "table", "02876657": "bottle"}
    clouds = folder / "shapenet_pc"
    clouds.mkdir(parents=True)
    listed: dict[str, list[str]] = {"train": [], "test": []}
    for synset, name in synsets.items():
        for number in range(per_class):
            stem = f"{synset}-{number:032x}"
            np.save(clouds / f"{stem}.npy", cloud(name, number))
            listed["train" if number < per_class - 1 else "test"].append(f"{stem}.npy")
            for angle in range(0, 360, 12) if renders else ():
                place = folder / "rendered_images" / stem
                place.mkdir(parents=True, exist_ok=True)
                Image.new("RGBA", (48, 48), (angle % 256, 0, 0, 255)).save(place / f"{stem}_r_{angle:03d}.png")
                if angle == 0:
                    Image.new("I;16", (48, 48)).save(place / f"{stem}_r_{angle:03d}_depth0001.png")
    for split, names in listed.items():
        (folder / f"{split}.txt").write_text("\n".join(names) + "\n")
    words = {"03001627": "chair", "04379243": "table", "02876657": "bottle,flask"}
    taxonomy = [{"synsetId": synset, "name": text, "children": [], "numInstances": 1} for synset, text in words.items()]
    (folder / "taxonomy.json").write_text(json.dumps(taxonomy))


def openshape(folder: Path) -> None:
    """`meta_data` with the three packs, and Objaverse clouds."""
    meta = folder / "meta_data"
    for name in ("modelnet40", "scanobjectnn", "split"):
        (meta / name).mkdir(parents=True)
    classes = ["chair", "night_stand", "table", "chair", "bottle", "lamp"]
    clouds = np.empty(len(classes), dtype=object)
    for number, name in enumerate(classes):
        points = cloud(_generator_class(name), number).astype(np.float64)
        clouds[number] = {"xyz": points, "rgb": np.full_like(points, 100.0)}
    np.save(meta / "modelnet40/test_pc.npy", clouds, allow_pickle=True)
    split = [{"name": f"{name}_{number:04d}", "category": name} for number, name in enumerate(classes)]
    (meta / "modelnet40/test_split.json").write_text(json.dumps(split))
    scans = {"xyz": np.stack([cloud("chair", seed) for seed in range(6)]), "label": np.array([4, 9, 4, 0, 14, 9])}
    np.save(meta / "scanobjectnn/xyz_label.npy", scans, allow_pickle=True)  # type: ignore[arg-type]
    listed = []
    for number, name in enumerate(("chair", "potted_plant", "bottle", "chair", "bottle", "chair")):
        uid, group = f"{number:032x}", f"000-{number % 2:03d}"
        place = folder / "Objaverse" / group
        place.mkdir(parents=True, exist_ok=True)
        points = cloud(_generator_class(name), number)
        content = {
            "xyz": points,
            "rgb": np.full_like(points, 0.4),
            "image_feat": np.zeros((12, 1280)),
            "text": ["a thing"],
        }
        np.save(place / f"{uid}.npy", content, allow_pickle=True)  # type: ignore[arg-type]
        path = f"/mnt/data/objaverse-processed/merged_for_training_final/Objaverse/{group}/{uid}.npy"
        listed.append({"uid": uid, "category": name, "group": group, "data_path": path})
    (meta / "split/lvis.json").write_text(json.dumps(listed))


def redwood(folder: Path) -> None:
    """`categories.json`, `data/mesh/ID.ply` with y down, `data/rgbd/ID.zip` with color and depth frames."""
    categories: dict[str, list[str]] = {"chair": [], "trash_container": [], "without_mesh": ["99999"]}
    (folder / "data/mesh").mkdir(parents=True)
    (folder / "data/rgbd").mkdir()
    for number in range(6):
        scan_id, name = f"{33 + number:05d}", ("chair", "trash_container")[number % 2]
        categories[name].append(scan_id)
        mesh = shape(_generator_class(name), number)
        mesh.vertices = mesh.vertices * [1, -1, -1]
        mesh.export(folder / f"data/mesh/{scan_id}.ply")
        with zipfile.ZipFile(folder / f"data/rgbd/{scan_id}.zip", "w") as archive:
            for frame in range(5):
                for kind, suffix in (("rgb", "jpg"), ("depth", "png")):
                    picture = Image.new("RGB", (64, 48), (40 * frame, 120, 0) if kind == "rgb" else "black")
                    with archive.open(f"{kind}/{frame + 1:07d}-{frame * 33333:012d}.{suffix}", "w") as file:
                        picture.save(file, "JPEG" if suffix == "jpg" else "PNG")
    (folder / "categories.json").write_text(json.dumps(categories))


def co3d(folder: Path) -> None:
    """CO3Dv2: `CATEGORY/SEQUENCE/{images,masks,pointcloud.ply}`, annotations and set lists."""
    for name in ("chair", "teddybear"):
        category = folder / name
        (category / "set_lists").mkdir(parents=True)
        annotations = []
        for number in range(3):
            sequence = f"{100 + number}_{11000 + number}_{22000 + number}"
            for part in ("images", "masks", "depths"):
                (category / sequence / part).mkdir(parents=True)
            points = cloud(_generator_class(name), number) * np.array([1, -1, -1])
            colors = np.tile(np.array([200, 30, 30, 255], dtype=np.uint8), (len(points), 1))
            trimesh.PointCloud(points, colors=colors).export(category / sequence / "pointcloud.ply")
            for frame in range(1, 21):
                picture = Image.new("RGB", (60, 90), "white")
                picture.paste((12 * frame, 0, 0), (20, 30, 40, 50))
                picture.save(category / sequence / f"images/frame{frame:06d}.jpg", quality=95)
                mask = Image.new("L", (60, 90), 0)
                mask.paste(255, (20, 30, 40, 50))
                mask.save(category / sequence / f"masks/frame{frame:06d}.png")
                annotations.append({"sequence_name": sequence, "frame_number": frame})
        (category / "frame_annotations.jgz").write_bytes(gzip.compress(json.dumps(annotations).encode()))
        (category / "set_lists/set_lists_fewview_dev.json").write_text(json.dumps({"train": [], "val": [], "test": []}))


def co3d_flattened(folder: Path) -> None:
    """The same without folders inside a category: `CATEGORY/SEQUENCE.npy`, `CATEGORY/SEQUENCE_001.jpg`."""
    for name in ("chair", "hydrant"):
        (folder / name).mkdir(parents=True)
        for number in range(2):
            np.save(folder / name / f"{100 + number}_1_2.npy", cloud("chair", number))
            for frame in range(3):
                Image.new("RGB", (40, 40), "blue").save(folder / name / f"{100 + number}_1_2_{frame:03d}.jpg")


def _generator_class(name: str) -> str:
    """A class of the shape generator that stands for a class of a data set."""
    known = {"desk": "table", "night_stand": "cabinet", "dresser": "cabinet", "bin": "bottle", "bag": "bottle"}
    known |= {"chair": "chair", "table": "table", "bottle": "bottle", "sofa": "sofa", "lamp": "lamp", "bed": "bed"}
    return known.get(name, "cabinet")
