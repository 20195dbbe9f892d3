"""Worst difference of each check against the original implementation's numbers: `python -m benchmarks.parity`.

The same comparisons are tests (`tests/**/test_*parity*.py`); this prints how close they are.
"""

import argparse
import json
from collections.abc import Iterator

import numpy as np
import torch

from crossmost.geometry.batches import unit_radius
from crossmost.geometry.grouping import farthest_point_sampling, nearest_neighbors
from crossmost.selftraining.masking import point_region_mask
from crossmost.selftraining.point_augmentation import rotation
from crossmost.selftraining.schedule import cosine_with_warmup, linear_ramp
from tests.models.test_joint_parity import IMAGE, PARITY, POINT, masked_points, small_model
from tests.models.test_towers_parity import first_points
from tests.selftraining.small_run import default_settings
from tests.selftraining.test_parity_losses import (
    CASES,
    EMPTY,
    LABELED,
    constant_terms,
    different_labels,
    expected_gradient,
    expected_terms,
    gradient,
    losses_and_labels,
)
from tests.selftraining.test_parity_masks import NUMBERS as MASKS
from tests.selftraining.test_parity_masks import moved_by_recorded_draws
from tests.selftraining.test_parity_schedules import SCHEDULES, TABLES, optimizer_groups, toy_teachers
from tests.selftraining.test_parity_step import expected_losses, losses_of

Row = tuple[str, float]
STARTS = ("start0", "startr")
PRECISIONS = ((torch.float32, ""), (torch.float64, "_f64"))


def _worst(found: object, expected: object) -> float:
    return float(np.abs(np.asarray(found, dtype=np.float64) - np.asarray(expected, dtype=np.float64)).max())


def _relative(found: float, expected: float) -> float:
    return abs(found - expected) / abs(expected) if expected else abs(found)


def point_rows() -> Iterator[Row]:
    """Point tower and its masked pass, from both recorded starts of farthest point sampling."""
    points = torch.tensor(POINT["pts"])
    for dtype, suffix in PRECISIONS:
        features, alignment, losses = [], [], []
        for start in STARTS:
            model, recorded = small_model(dtype).eval(), f"{start}/eval"
            with torch.no_grad():
                masked, feature = masked_points(model, start)
                unmasked = model.point_tower.encode(points.to(dtype), first_points(start)).feature
            features.append(_worst(feature, POINT[f"{recorded}/masked/features{suffix}"]))
            features.append(_worst(unmasked, POINT[f"{recorded}/unmasked/features{suffix}"]))
            alignment.append(_worst(masked.alignment, POINT[f"{recorded}/masked/loss_align{suffix}"]))
            loss = float(masked.absolute_error / masked.hidden / 4)
            losses.append(_relative(loss, float(POINT[f"{recorded}/masked/loss_mim{suffix}"])))
        precision = str(dtype).removeprefix("torch.")
        yield f"point tower, features, {precision}", max(features)
        yield f"point tower, alignment, {precision}", max(alignment)
        yield f"point tower, masked loss, {precision} (relative)", max(losses)
    yield from _trained_point_rows()
    different, rows = 0, np.load(PARITY / "A_fps_variants.npz")
    for key, start_point in (("crossmost_start0", None), ("crossmost_start_given", torch.tensor(rows["starts_given"]))):
        picked = farthest_point_sampling(torch.tensor(rows["pts"]), int(rows["k"]), start_point)
        different += int((picked.numpy() != rows[key]).sum())
    for start in STARTS:
        different += int(
            (farthest_point_sampling(points, 16, first_points(start)).numpy() != POINT[f"{start}/fps_idx"]).sum()
        )
    yield "farthest point sampling, different indices", different
    neighbors = {
        start: nearest_neighbors(torch.tensor(POINT[f"{start}/center"]), points, 8).sort(-1).values for start in STARTS
    }
    yield (
        "neighbor groups, different indices",
        sum(int((found.numpy() != POINT[f"{start}/nbr_idx_sorted"]).sum()) for start, found in neighbors.items()),
    )


def _trained_point_rows() -> Iterator[Row]:
    """The same in training mode, with statistics of the batch."""
    model, recorded = small_model(torch.float32).train(), "start0/train/masked"
    masked, features = masked_points(model)
    loss = masked.absolute_error / masked.hidden / 4
    yield (
        "point tower in training, features and alignment",
        max(
            _worst(features.detach(), POINT[f"{recorded}/features"]),
            _worst(masked.alignment.detach(), POINT[f"{recorded}/loss_align"]),
        ),
    )
    yield (
        "point tower in training, masked loss (relative)",
        _relative(loss.item(), float(POINT[f"{recorded}/loss_mim"])),
    )
    (loss + 0.2 * masked.alignment.mean() + features.square().mean()).backward()
    norms = json.loads((PARITY / "A_point_small_grad_norms.json").read_text())["l2_norms"]
    parameters = dict(model.point_tower.named_parameters()) | {"proj": model.point_token_projection}
    yield "point tower, gradient norms (relative)", _worst_norm(parameters, norms)
    unmasked = small_model(torch.float32).train()
    unmasked.point_tower.encode(torch.tensor(POINT["pts"]))
    yield (
        "point tower, BatchNorm statistics after a step",
        max(
            _worst(value, POINT[f"start0/train/{kind}/bn_after/{name}"])
            for kind, trained in (("masked", model), ("unmasked", unmasked))
            for name, value in trained.point_tower.named_buffers()
        ),
    )


def _worst_norm(parameters: dict[str, torch.nn.Parameter], norms: dict[str, float]) -> float:
    found = {name: 0.0 if p.grad is None else p.grad.norm().item() for name, p in parameters.items()}
    # A bias before BatchNorm has no gradient but rounding noise.
    return max(abs(found[name] - norm) / norm for name, norm in norms.items() if norm > 1e-4)


def image_rows() -> Iterator[Row]:
    """Image tower and its masked pass."""
    mask = torch.tensor(IMAGE["mask"]).flatten(1).bool()
    for dtype, suffix in PRECISIONS:
        model, images = small_model(dtype).train(), torch.tensor(IMAGE["images"]).to(dtype)
        masked, features = model.masked_image(images, mask), model.image_tower(images, mask)
        loss = masked.absolute_error / masked.hidden / masked.tokens
        precision = str(dtype).removeprefix("torch.")
        yield (
            f"image tower, features and tokens, {precision}",
            max(
                _worst(model.image_tower(images).feature.detach(), IMAGE[f"unmasked/features{suffix}"]),
                _worst(features.feature.detach(), IMAGE[f"masked/features{suffix}"]),
                _worst(features.tokens.detach(), IMAGE[f"masked/x_patch{suffix}"]),
            ),
        )
        yield (
            f"image tower, masked loss, {precision} (relative)",
            _relative(loss.item(), float(IMAGE[f"masked/loss_mim{suffix}"])),
        )
        if dtype == torch.float32:
            rebuilt = model.image_tower.reconstruct(features.tokens).detach()
            yield "image tower, reconstruction", _worst(rebuilt, IMAGE["masked/act/decoder_out"])
            (loss + features.feature.square().mean() + 0.1 * features.tokens.square().mean()).backward()
            norms = json.loads((PARITY / "B_image_small_grad_norms.json").read_text())["l2_norms"]
            parameters = {name.removeprefix("visual."): value for name, value in model.image_tower.named_parameters()}
            yield "image tower, gradient norms (relative)", _worst_norm(parameters, norms)


def loss_rows() -> Iterator[Row]:
    """Pseudo-labels, losses and gradients."""
    for kind, names in (("", LABELED), (" that keep nothing", EMPTY)):
        different, terms, totals, gradients = 0, [], [], []
        for name in names:
            losses, labels, inputs = losses_and_labels(name, default_settings())
            different += different_labels(name, labels)
            expected = expected_terms(name)
            terms += [_relative(loss.item(), expected[term]) for term, loss in losses.items()]
            total = torch.stack(list(losses.values())).sum()
            if names is LABELED:  # the original's total is not a number elsewhere
                totals.append(_relative(total.item() + constant_terms(name), CASES[name]["scalars"]["loss"]))
            total.backward()
            gradients += [_worst(gradient(value), expected_gradient(name, key)) for key, value in inputs.items()]
        settings = f"{len(names)} settings{kind}"
        yield f"different labels and keep masks of {settings}", different
        yield f"loss terms of {settings} (relative)", max(terms)
        if totals:
            yield f"total losses of {settings} (relative)", max(totals)
        yield f"gradients of {settings}", max(gradients)
    released, _ = losses_of(default_settings("paper"))
    expected = expected_losses("masked/features", "start0/train/masked/features")
    worst = max(_relative(loss.item(), expected[term]) for term, loss in released.items())
    yield f"towers and losses of conf/paper, {len(released)} terms (relative)", worst


def schedule_rows() -> Iterator[Row]:
    """Learning rates, teacher decay and average, optimizer groups."""
    ramp = SCHEDULES["ema_decay"]
    decays = [linear_ramp(step, ramp["init"], ramp["final"], ramp["warm_it"]) for step in range(421)]
    yield "teacher decay, 421 steps", _worst(decays, ramp["it_0_to_420"])
    worst = 0.0
    for name in TABLES:
        table = SCHEDULES["lr_schedule"][name]
        expected = table["schedule"]
        warmup = table["warmup_epochs"] * (len(expected) // table["epochs"])
        arguments = (len(expected), warmup, table["lr"], table["min_lr"])
        worst = max(worst, _worst([cosine_with_warmup(i, *arguments) for i in range(len(expected))], expected))
    yield f"learning rates, {len(TABLES)} tables", worst
    yield (
        "teacher after 4 updates, buffers included",
        max(_worst(value, recorded) for _, value, recorded in toy_teachers()),
    )
    found, groups = optimizer_groups(default_settings())
    worst = max(_relative(*pair) for name in groups for pair in zip(found[name], groups[name], strict=True))
    yield f"optimizer groups of {len(groups)} tensors (relative)", worst


def mask_rows() -> Iterator[Row]:
    """Masks and augmentations."""
    anchor, size = (torch.tensor(MASKS[f"point_mask_{name}"]).long() for name in ("anchor", "count"))
    found = point_region_mask(torch.tensor(MASKS["point_mask_centers"]), anchor, size)
    yield "point masks, different groups", int((found.numpy() != MASKS["point_mask_seed0"]).sum())
    normalized = unit_radius(torch.tensor(MASKS["aug_in"]).unsqueeze(0))[0]
    yield "point normalization", _worst(normalized, MASKS["aug_normalized"])
    angles = {f"rot_y_matrix_{angle}": [0.0, float(angle), 0.0] for angle in ("0.3", "2.0")}
    angles["rot_perturb_matrix"] = MASKS["rot_perturb_angles_xyz"].tolist()
    matrices = rotation(torch.tensor(list(angles.values()), dtype=torch.float64))
    yield (
        "rotation matrices",
        max(_worst(found, MASKS[name]) for name, found in zip(angles, matrices, strict=True)),
    )
    yield (
        "clouds scaled and shifted by the recorded draws",
        max(_worst(cloud, MASKS[name]) for name, cloud in moved_by_recorded_draws().items()),
    )


def main() -> None:
    """Print a table and, as its last line, JSON."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rows = [*point_rows(), *image_rows(), *loss_rows(), *schedule_rows(), *mask_rows()]
    for name, worst in rows:
        print(f"{name:60} {worst:.1e}")
    print(json.dumps(dict(rows)))


if __name__ == "__main__":
    main()
