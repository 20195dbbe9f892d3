"""Does the check without labels find clouds that lie on their side, and does the correction bring accuracy back?

    python -m benchmarks.orientation --json benchmarks/results/orientation.json

Stored objects are turned on purpose, in two ways: the clouds alone (pictures stand upright, as photographs do), or
clouds and the depth views that are drawn of them. Rates are over random subsets. Outliers are set far outside on
purpose. Labels score the zero-shot predictions of points, nothing else sees them.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.accuracy import load_inputs
from crossmost.collection import Collection
from crossmost.geometry import normalize_cloud, sample_surface
from crossmost.models.axis_check import (
    MOST_DRAWN,
    agreement_by_up_axis,
    better_drawn_axis,
    better_up_axis,
    drawn_agreement_by_up_axis,
    point_labels,
)
from crossmost.models.encoders import Encoders
from crossmost.models.joint import JointModel
from crossmost.models.pose_check import check_pose, image_labels
from crossmost.models.text_classifier import text_classifier
from crossmost.pose import TURNS, outlier_rows
from crossmost.progress import track
from crossmost.rendering import CameraRig, DepthViewSettings, draw_depth_views
from crossmost.sources.shapes.generator import generate_shape

SUBSETS = (30, 60, 120)
N_OUTLIERS = 3
DISTANCES = (2.0, 5.0, 20.0)
PROCEDURAL_SEEDS = 25


@dataclass(frozen=True)
class Bench:
    """A zero-shot model, the objects it looks at, and their true classes to score with."""

    model: JointModel
    normalization: dict[str, Any]
    collection: Collection
    truth: Tensor
    n_points: int
    batch_size: int

    def turned(self, axis: str, *, redraw: bool) -> Collection:
        """The objects with another axis up; `redraw` also draws their pictures so."""
        clouds = np.asarray(self.collection.clouds) @ np.array(TURNS[axis], dtype=np.float32)
        if not redraw:
            return replace(self.collection, clouds=clouds)
        rig = CameraRig(n_views=4)
        drawing = track(clouds, f"drawing with {axis} up", len(clouds), "objects")
        views = [draw_depth_views(cloud, rig, DepthViewSettings()) for cloud in drawing]
        return replace(self.collection, clouds=clouds, views=np.stack(views))

    def accuracy(self, collection: Collection) -> float:
        """Zero-shot accuracy of the points."""
        clouds = torch.from_numpy(np.asarray(collection.clouds)[:, : self.n_points])
        return float((point_labels(self.model, clouds, self.batch_size) == self.truth).float().mean())

    def check(self, collection: Collection) -> Any:
        """The check as the zero-shot stage makes it."""
        return check_pose(
            self.model, collection, **self.normalization, n_points=self.n_points, batch_size=self.batch_size
        )


def load_bench(env: str) -> Bench:
    """Objects and encoders of a Kedro environment, in memory."""
    inputs = load_inputs(env, {})
    encoders = Encoders.from_checkpoint(inputs.encoders).eval()
    model = JointModel(encoders, text_classifier(encoders, inputs.class_names, inputs.zeroshot.templates)).eval()
    collection = inputs.collection
    stored = replace(collection, views=collection.views[:], clouds=collection.clouds[:], colors=None)
    truth = torch.from_numpy(inputs.truth().reindex(list(collection.object_ids)).to_numpy().astype("int64"))
    normalization = {"image_mean": encoders.image_mean, "image_std": encoders.image_std}
    return Bench(model, normalization, stored, truth, inputs.zeroshot.n_points, inputs.zeroshot.batch_size)


def axis_rates(bench: Bench, axis: str, *, redraw: bool, draws: int, drawn_objects: int) -> dict[str, Any]:
    """How often random subsets of the turned objects are found to have that axis up, or (wrongly) another.

    Args:
        draws: subsets of each size.
        drawn_objects: from so many objects the second comparison's subsets are drawn, because it is slow.
    """
    turned = bench.turned(axis, redraw=redraw)
    clouds = np.asarray(turned.clouds)
    views = turned.views[:, :: -(-turned.views.shape[1] // 4)]
    mean, std = bench.normalization["image_mean"], bench.normalization["image_std"]
    labels = image_labels(bench.model, views, mean, std, bench.batch_size)
    sizes = {"n_points": bench.n_points, "batch_size": bench.batch_size}
    named = agreement_by_up_axis(bench.model, clouds, labels, **sizes)
    rng = np.random.default_rng(0)
    pool = rng.choice(len(clouds), size=min(drawn_objects, len(clouds)), replace=False)
    parts = [
        drawn_agreement_by_up_axis(bench.model, clouds[rows], **bench.normalization, n_points=bench.n_points)
        for rows in np.array_split(pool, -(-len(pool) // MOST_DRAWN))
    ]
    drawn = {name: np.concatenate([part[name] for part in parts]) for name in TURNS}
    rates: dict[str, Any] = {}
    for size in SUBSETS:
        found = []
        for _ in range(draws):
            rows = rng.choice(len(clouds), size=min(size, len(clouds)), replace=False)
            seen = rng.choice(len(pool), size=min(MOST_DRAWN, len(pool)), replace=False)
            first = better_up_axis({name: values[rows] for name, values in named.items()})
            found.append(first or better_drawn_axis({name: values[seen] for name, values in drawn.items()}) or "y")
        rates[str(size)] = {
            "right": float(np.mean([name == axis for name in found])),
            "another_axis": float(np.mean([name not in (axis, "y") for name in found])),
        }
    findings = bench.check(turned)
    fixed = turned.posed(findings.correction())
    return {
        "up": axis,
        "pictures": "drawn of the turned clouds" if redraw else "upright",
        "subsets": rates,
        "whole": asdict(findings),
        "corrected_up": findings.correction().up,
        "point_top1": bench.accuracy(bench.collection),
        "point_top1_turned": bench.accuracy(turned),
        "point_top1_fixed": bench.accuracy(fixed),
        "identical_after_fix": bool(np.array_equal(fixed.clouds[:], bench.collection.clouds[:])),
    }


def outlier_rates(bench: Bench, share: float, distance: float) -> dict[str, Any]:
    """What a few far points do to points' accuracy, and what their removal brings back.

    Args:
        share: of the objects that get `N_OUTLIERS` of them.
        distance: from the middle, in radii of the object.
    """
    rng = np.random.default_rng(0)
    clouds = np.array(bench.collection.clouds)
    hit = rng.choice(len(clouds), size=round(share * len(clouds)), replace=False)
    for row in hit:
        directions = rng.normal(size=(N_OUTLIERS, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        clouds[row, rng.choice(clouds.shape[1], N_OUTLIERS, replace=False)] = distance * directions
        clouds[row] = normalize_cloud(clouds[row])
    spoiled = replace(bench.collection, clouds=clouds)
    findings = bench.check(spoiled)
    return {
        "objects": share,
        "distance": distance,
        "whole": asdict(findings),
        "found": float(np.mean([len(outlier_rows(clouds[row])) > 0 for row in hit])),
        "point_top1_spoiled": bench.accuracy(spoiled),
        "point_top1_fixed": bench.accuracy(spoiled.posed(findings.correction())),
    }


def false_outliers(bench: Bench, class_names: Sequence[str]) -> dict[str, float]:
    """Share of objects without outliers that seem to have some: the stored ones, and clean procedural shapes."""
    clouds = [
        normalize_cloud(sample_surface(generate_shape(name, 80_000 + seed).mesh, 2048, np.random.default_rng(seed)))
        for name in class_names
        for seed in range(PROCEDURAL_SEEDS)
    ]
    return {
        "stored": float(np.mean([len(outlier_rows(cloud)) > 0 for cloud in bench.collection.clouds])),
        "procedural": float(np.mean([len(outlier_rows(cloud)) > 0 for cloud in clouds])),
    }


def print_tables(result: dict[str, Any]) -> None:
    """Rates and accuracies in percent."""
    console = Console(width=140)
    turned = Table("up", "pictures", *(f"found, {size}" for size in SUBSETS), "another axis", "turned", "fixed", "done")
    for row in result["axes"]:
        turned.add_row(
            row["up"],
            row["pictures"],
            *(f"{100 * row['subsets'][str(size)]['right']:.1f}" for size in SUBSETS),
            f"{100 * max(one['another_axis'] for one in row['subsets'].values()):.1f}",
            f"{100 * row['point_top1_turned']:.1f}",
            f"{100 * row['point_top1_fixed']:.1f}",
            _done(row),
        )
    console.print(turned)
    outliers = Table("objects with outliers", "distance", "found", "accuracy with", "without")
    for row in result["outliers"]:
        values = row["objects"], row["found"], row["point_top1_spoiled"], row["point_top1_fixed"]
        objects, found, spoiled, fixed = (f"{100 * value:.1f}" for value in values)
        outliers.add_row(objects, f"{row['distance']:g}", found, spoiled, fixed)
    console.print(outliers)
    console.print(f"objects without outliers that seem to have some: {result['false_outliers']}")


def _done(row: dict[str, Any]) -> str:
    if row["whole"]["pictures_lie_too"]:
        return "draw again"
    return "nothing" if row["corrected_up"] == "y" else f"{row['corrected_up']} turned up"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="base", help="Kedro environment")
    parser.add_argument("--draws", type=int, default=500, help="random subsets of each size")
    parser.add_argument("--drawn-objects", type=int, default=72, help="objects of which depth views are drawn")
    parser.add_argument("--json", type=Path, help="also write the results here")
    arguments = parser.parse_args()
    bench = load_bench(arguments.env)
    options = {"draws": arguments.draws, "drawn_objects": arguments.drawn_objects}
    result = {
        "axes": [axis_rates(bench, axis, redraw=redraw, **options) for redraw in (False, True) for axis in TURNS],
        "outliers": [outlier_rates(bench, share, distance) for share in (1.0, 0.2) for distance in DISTANCES],
        "false_outliers": false_outliers(bench, load_inputs(arguments.env, {}).class_names),
    }
    print_tables(result)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
