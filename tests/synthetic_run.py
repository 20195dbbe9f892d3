"""A small made-up run (scores, logs, pseudo-labels, views) for tests of evaluation and reports; seeded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from crossmost.embeddings import Embeddings
from crossmost.scores import Scores
from crossmost.shards import Sample, ShardStore, ShardWork
from tests.small_scores import make_scores

CLASS_NAMES = ["chair", "table", "potted plant", "lamp", "car"]
METHODS = {"zeroshot": 1.0, "transductive": 1.3, "selftrain_separate": 1.6, "crossmost": 2.4}
"""Method -> how strongly its logits favor the true class."""
TRAINED = ("selftrain_separate", "crossmost")
EMBEDDED = ("zeroshot", "crossmost")
N_VIEWS = 3


@dataclass(frozen=True)
class SyntheticRun:
    """The tables a finished run leaves, by their catalog names."""

    class_names: list[str]
    objects: pd.DataFrame
    labels: pd.DataFrame
    scores: dict[str, Scores]
    logs: dict[str, pd.DataFrame]
    pseudo_labels: dict[str, pd.DataFrame]
    quarantine: pd.DataFrame
    render_quarantine: pd.DataFrame
    views: list[Sample]
    clouds: list[Sample]
    embeddings: dict[str, Embeddings]


def make_run(
    n_objects: int = 60, *, seed: int = 0, labeled: bool = True, class_names: list[str] | None = None
) -> SyntheticRun:
    """Everything evaluation and reporting read, for `n_objects` objects, 70 % of them in the adapt split."""
    generator = np.random.default_rng(seed)
    names = CLASS_NAMES if class_names is None else class_names
    truth = generator.integers(len(names), size=n_objects)
    object_ids = [f"object-{index:04d}" for index in range(n_objects)]
    splits = np.where(np.arange(n_objects) < round(0.7 * n_objects), "adapt", "test")
    objects = pd.DataFrame(
        {
            "object_id": object_ids,
            "source": "synthetic",
            "sha256": [f"{index:064x}" for index in range(n_objects)],
            "split": splits,
            "duplicate_group": np.arange(n_objects),
            "n_vertices": generator.integers(100, 9000, n_objects),
            "n_faces": generator.integers(100, 9000, n_objects),
            "has_texture": generator.random(n_objects) < 0.5,
            "status": "ok",
            "reason": None,
        }
    )
    labels = pd.DataFrame(
        {
            "object_id": object_ids if labeled else [],
            "class_name": [names[c] for c in truth] if labeled else [],
        }
    )
    labels = labels.astype({"object_id": "str", "class_name": "str"})
    return SyntheticRun(
        class_names=list(names),
        objects=objects,
        labels=labels,
        scores={
            method: _scores(method, strength, object_ids, splits, truth, len(names), generator)
            for method, strength in METHODS.items()
        },
        logs={method: _log(method, generator) for method in TRAINED},
        pseudo_labels={
            method: _pseudo_labels(method, object_ids, splits, truth, len(names), generator) for method in TRAINED
        },
        quarantine=pd.DataFrame(
            {"object_id": ["broken-1"], "stage": ["ingestion"], "reason": ["the mesh has no faces"]}
        ),
        render_quarantine=pd.DataFrame({"object_id": [], "stage": [], "reason": []}),
        views=[_views(object_id, int(c)) for object_id, c in zip(object_ids, truth, strict=True)],
        clouds=[_cloud(object_id, generator) for object_id in object_ids],
        embeddings={method: _embeddings(method, object_ids, truth, generator) for method in EMBEDDED},
    )


@dataclass(frozen=True)
class _Ready:
    """A work item that already holds its sample."""

    sample: Sample
    fingerprint: str = "synthetic"

    @property
    def key(self) -> str:
        return self.sample.key


def store(samples: list[Sample], root: Path) -> ShardStore:
    """The samples in an object store on disk."""
    jobs = {"synthetic-00000": [_Ready(sample) for sample in samples]}
    work = ShardWork(jobs=jobs, worker=lambda item: item.sample, settings_fingerprint="1", stage="test", n_jobs=1)
    return work.write(root)


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _scores(
    method: str,
    strength: float,
    object_ids: list[str],
    splits: np.ndarray,
    truth: np.ndarray,
    n_classes: int,
    generator: np.random.Generator,
) -> Scores:
    target = strength * np.eye(n_classes)[truth]  # (N, C)
    single = _softmax(target[:, None] + generator.normal(size=(len(truth), N_VIEWS, n_classes)))
    point = _softmax(0.7 * target + generator.normal(size=target.shape))
    image = single.mean(axis=1)
    of_object = dict(zip(object_ids, splits.tolist(), strict=True))
    return make_scores(of_object, image, method=method, single=single, point=point, joint=(image + point) / 2)


def _log(method: str, generator: np.random.Generator, n_steps: int = 200, per_epoch: int = 20) -> pd.DataFrame:
    steps = np.arange(n_steps)
    decay = np.exp(-steps / 80)
    log = pd.DataFrame({"method": method, "step": steps, "epoch": steps // per_epoch})
    for name, scale in {
        "ce_image": 1.4, "ce_point": 1.8, "fairness_image": 2.8, "fairness_point": 2.9, "mim_image": 0.8,
        "mim_point": 0.6, "align_image": 0.9, "align_point": 1.0, "cross": 4.0,
    }.items():  # fmt: skip
        log[name] = scale * (0.5 + 0.5 * decay) + generator.normal(scale=0.05 * scale, size=n_steps)
    log["loss"] = log.filter(regex="ce_|fairness_|mim_|align_|cross").sum(axis=1)
    log["kept_share"] = 0.9 - 0.5 * decay + generator.normal(scale=0.04, size=n_steps)
    log["agreement"] = 0.8 - 0.4 * decay + generator.normal(scale=0.04, size=n_steps)
    log["learning_rate"] = 1e-3 * decay
    log["ema_decay"] = 0.99
    log["teacher_entropy_image"] = 0.5
    log["teacher_entropy_point"] = 0.7
    return log


def _pseudo_labels(
    method: str,
    object_ids: list[str],
    splits: np.ndarray,
    truth: np.ndarray,
    n_classes: int,
    generator: np.random.Generator,
    n_epochs: int = 6,
) -> pd.DataFrame:
    adapt = np.flatnonzero(splits == "adapt")
    parts = []
    for epoch in range(n_epochs):
        right = generator.random((2, len(adapt))) < 0.55 + 0.05 * epoch
        other = generator.integers(n_classes, size=(2, len(adapt)))
        assigned = np.where(right, truth[adapt], other)
        kept = generator.random((2, len(adapt))) < 0.4 + 0.08 * epoch
        parts.append(
            pd.DataFrame(
                {
                    "method": method,
                    "epoch": epoch,
                    "object_id": [object_ids[index] for index in adapt],
                    "label_image": assigned[0],
                    "label_point": assigned[1],
                    "kept_image": kept[0],
                    "kept_point": kept[1],
                    "confidence_image": generator.random(len(adapt)),
                    "confidence_point": generator.random(len(adapt)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _embeddings(method: str, object_ids: list[str], truth: np.ndarray, generator: np.random.Generator) -> Embeddings:
    width = max(8, int(truth.max()) + 1)
    noise = generator.normal(size=(len(truth), N_VIEWS + 1, width))
    vectors = METHODS[method] * np.eye(width)[truth][:, None] + 0.3 * noise
    vectors[:, -1, 7] += 2  # the modality gap
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    return Embeddings(method, tuple(object_ids), vectors.astype(np.float16))


def _views(object_id: str, class_index: int) -> Sample:
    members = {}
    for view in range(N_VIEWS):
        image = Image.new("RGB", (96, 96), "white")
        draw = ImageDraw.Draw(image)
        color = tuple(int(c) for c in np.random.default_rng(class_index).integers(40, 220, 3))
        draw.regular_polygon((48, 48, 34), 3 + class_index, rotation=20 * view, fill=color)
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        members[f"view{view:02d}.png"] = buffer.getvalue()
    return Sample(object_id, {**members, "json": b"{}"})


def _cloud(object_id: str, generator: np.random.Generator) -> Sample:
    points = generator.normal(size=(512, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    points[:, 0] *= 0.6
    buffer = io.BytesIO()
    np.save(buffer, points.astype(np.float32))
    return Sample(object_id, {"points.npy": buffer.getvalue(), "json": b"{}"})
