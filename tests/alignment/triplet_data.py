"""Triplets on disk, in every form that is read, made of procedural shapes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from crossmost.sources.shapes.generator import generate_shape
from tests.sources import published

CLASSES = ("chair", "lamp", "bottle")
COLOR_OF = {"chair": (200, 30, 30), "lamp": (30, 200, 30), "bottle": (30, 30, 200)}


def colored_cloud(name: str, seed: int, n: int = 300) -> trimesh.PointCloud:
    """Points of a shape in the color of its class."""
    return trimesh.PointCloud(published.cloud(name, seed, n), colors=np.tile((*COLOR_OF[name], 255), (n, 1)))


def folder(root: Path, per_class: int = 4) -> Path:
    """`CLASS/NAME.ply` (colored clouds) and `NAME.glb` (meshes) in turn, with `NAME.txt` beside them."""
    for name in CLASSES:
        (root / name).mkdir(parents=True)
        for seed in range(per_class):
            path = root / name / f"{name}_{seed}.{'glb' if seed % 2 else 'ply'}"
            if seed % 2:
                generate_shape(name, seed).mesh.export(path)
            else:
                colored_cloud(name, seed).export(path)
            path.with_suffix(".txt").write_text(f"a {name}\n  a  {name} of its own, number {seed}\n\na {name}\n")
    return root


def pictures(root: Path, objects: Path) -> Path:
    """Three pictures of each object of the folder, in a folder of its own or with numbered names, in turn."""
    for number, path in enumerate(sorted(objects.rglob("*.ply")) + sorted(objects.rglob("*.glb"))):
        place = root / path.relative_to(objects).with_suffix("")
        names = [place / f"{view}.png" for view in range(3)] if number % 2 else [
            place.with_name(f"{place.name}_{view:03d}.png") for view in range(3)
        ]  # fmt: skip
        for view, name in enumerate(names):
            name.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (64, 64), (80 * view, number, 0)).save(name)
    return root


def listing(root: Path, suffix: str) -> Path:
    """A list of the folder's objects, and pictures of every other one."""
    objects = folder(root / "objects")
    shown = pictures(root / "pictures", objects)
    entries = []
    for number, path in enumerate(sorted(objects.rglob("*.ply")) + sorted(objects.rglob("*.glb"))):
        found = sorted(shown.rglob(f"{path.stem}_*.png")) if number % 2 == 0 else []
        entries.append(
            {
                "object": path.relative_to(root).as_posix(),
                "captions": path.with_suffix(".txt").read_text().split("\n")[:2],
                "pictures": [picture.relative_to(root).as_posix() for picture in found],
                "license": "CC0",
            }
        )
    file = root / f"triplets{suffix}"
    if suffix == ".json":
        file.write_text(json.dumps(entries))
    elif suffix == ".jsonl":
        file.write_text("\n".join(map(json.dumps, entries)) + "\n")
    else:
        rows = [
            f'{entry["object"]},"{"|".join(entry["captions"])}",{" | ".join(entry["pictures"])}' for entry in entries
        ]
        file.write_text("object,captions,pictures\n" + "\n".join(rows) + "\n")
    return file


def openshape(root: Path, count: int = 8) -> Path:
    """`meta_data/split/train_all.json` and `Objaverse/GROUP/ID.npy`, pickled, with paths of the authors' machine."""
    entries = []
    for number in range(count):
        name, uid, group = CLASSES[number % 3], f"{number:032x}", f"000-{number % 2:03d}"
        dataset = "Objaverse" if number % 3 else "ShapeNet"
        place = root / dataset / group
        place.mkdir(parents=True, exist_ok=True)
        points = published.cloud(name, number)
        content = {
            "dataset": dataset,
            "group": group,
            "id": uid,
            "xyz": points,
            "rgb": np.tile(np.array(COLOR_OF[name], dtype=np.float32) / 255, (len(points), 1)),
            "image_feat": np.zeros((12, 1280), dtype=np.float32),
            "thumbnail_feat": np.zeros((1, 1280), dtype=np.float32),
            "text": [f"{name} model"],
            "text_feat": [{"original": np.zeros((1, 1280), np.float32), "prompt_avg": np.zeros((1, 1280), np.float32)}],
            "blip_caption": f"a rendering of a {name}",
            "blip_caption_feat": {"original": np.zeros((1, 1280), dtype=np.float32)},
            "msft_caption": f"a {name}",
            "msft_caption_feat": {"original": np.zeros((1, 1280), dtype=np.float32)},
            "retrieval_text": [],
            "retrieval_text_feat": [],
        }
        np.save(place / f"{uid}.npy", content, allow_pickle=True)  # type: ignore[arg-type]
        path = f"/mnt/data/objaverse-processed/merged_for_training_final/{dataset}/{group}/{uid}.npy"
        entries.append({"dataset": dataset, "group": group, "id": uid, "data_path": path})
    list_file = root / "meta_data/split/train_all.json"
    list_file.parent.mkdir(parents=True)
    list_file.write_text(json.dumps(entries))
    return list_file
