"""Worst difference of each check against the original implementation's numbers: `python -m benchmarks.parity`.

The same comparisons are tests (`tests/**/test_*parity*.py`); this prints how close they are.
"""

import argparse
import json
from collections.abc import Iterator

import numpy as np
import torch

from crossmost.geometry.grouping import farthest_point_sampling
from crossmost.selftraining.masking import point_region_mask
from crossmost.selftraining.point_augmentation import normalize, rotation
from crossmost.selftraining.schedule import cosine_with_warmup, linear_ramp
from tests.models.test_joint_parity import IMAGE, PARITY, POINT, masked_points, small_model
from tests.selftraining.small_run import default_settings
from tests.selftraining.test_parity_losses import CASES, LABELED, NUMBERS, losses_and_labels
from tests.selftraining.test_parity_masks import NUMBERS as MASKS
from tests.selftraining.test_parity_schedules import SCHEDULES, TABLES

Row = tuple[str, float]


def _worst(found: object, expected: object) -> float:
    return float(np.abs(np.asarray(found, dtype=np.float64) - np.asarray(expected, dtype=np.float64)).max())


def point_rows() -> Iterator[Row]:
    """Point tower and its masked pass."""
    for dtype, suffix, name in ((torch.float32, "", "float32"), (torch.float64, "_f64", "float64")):
        model = small_model(dtype).eval()
        with torch.no_grad():
            masked, features = masked_points(model)
            unmasked = model.point_tower.encode(torch.tensor(POINT["pts"]).to(dtype)).feature
        yield (
            f"point tower, features, {name}",
            max(
                _worst(features, POINT[f"start0/eval/masked/features{suffix}"]),
                _worst(unmasked, POINT[f"start0/eval/unmasked/features{suffix}"]),
            ),
        )
        yield (
            f"point tower, alignment, {name}",
            _worst(masked.alignment, POINT[f"start0/eval/masked/loss_align{suffix}"]),
        )
        loss = float(masked.absolute_error / masked.hidden / 4)
        yield (
            f"point tower, masked loss, {name} (relative)",
            abs(loss / float(POINT[f"start0/eval/masked/loss_mim{suffix}"]) - 1),
        )
    model = small_model(torch.float32).train()
    masked, features = masked_points(model)
    loss_value = masked.absolute_error / masked.hidden / 4 + 0.2 * masked.alignment.mean() + features.square().mean()
    loss_value.backward()
    norms = json.loads((PARITY / "A_point_small_grad_norms.json").read_text())["l2_norms"]
    parameters = dict(model.point_tower.named_parameters()) | {"proj": model.point_token_projection}
    yield "point tower, gradient norms (relative)", _worst_norm(parameters, norms)
    buffers = dict(model.point_tower.named_buffers())
    yield (
        "point tower, BatchNorm statistics after a step",
        max(_worst(value, POINT[f"start0/train/masked/bn_after/{name}"]) for name, value in buffers.items()),
    )
    numbers = np.load(PARITY / "A_fps_variants.npz")
    points = torch.tensor(next(numbers[key] for key in numbers.files if numbers[key].shape[-1] == 3))
    picked = farthest_point_sampling(points, numbers["crossmost_start0"].shape[1])
    yield "farthest point sampling, indices", _worst(picked, numbers["crossmost_start0"])


def _worst_norm(parameters: dict[str, torch.nn.Parameter], norms: dict[str, float]) -> float:
    found = {name: 0.0 if p.grad is None else p.grad.norm().item() for name, p in parameters.items()}
    # A bias before BatchNorm has no gradient but rounding noise.
    return max(abs(found[name] - norm) / norm for name, norm in norms.items() if norm > 1e-4)


def image_rows() -> Iterator[Row]:
    """Image tower and its masked pass."""
    images, mask = torch.tensor(IMAGE["images"]), torch.tensor(IMAGE["mask"]).flatten(1).bool()
    model = small_model(torch.float32).train()
    masked, features = model.masked_image(images, mask), model.image_tower(images, mask)
    yield (
        "image tower, features, tokens, reconstruction",
        max(
            _worst(model.image_tower(images).feature.detach(), IMAGE["unmasked/features"]),
            _worst(features.feature.detach(), IMAGE["masked/features"]),
            _worst(features.tokens.detach(), IMAGE["masked/x_patch"]),
            _worst(model.image_tower.reconstruct(features.tokens).detach(), IMAGE["masked/act/decoder_out"]),
        ),
    )
    loss = masked.absolute_error / masked.hidden / masked.tokens
    yield "image tower, masked loss (relative)", abs(loss.item() / float(IMAGE["masked/loss_mim"]) - 1)
    (loss + features.feature.square().mean() + 0.1 * features.tokens.square().mean()).backward()
    norms = json.loads((PARITY / "B_image_small_grad_norms.json").read_text())["l2_norms"]
    parameters = {name.removeprefix("visual."): value for name, value in model.image_tower.named_parameters()}
    yield "image tower, gradient norms (relative)", _worst_norm(parameters, norms)


def loss_rows() -> Iterator[Row]:
    """Pseudo-labels, losses and gradients."""
    totals, gradients = [], []
    for name in LABELED:
        losses, _, inputs = losses_and_labels(name, default_settings())
        total = torch.stack(list(losses.values())).sum()
        original = CASES[name]["settings"]
        if not original["pseudolabel_agreement_loss"]:
            totals.append(abs(total.item() / CASES[name]["scalars"]["loss"] - 1))
        total.backward()
        for key, value in inputs.items():
            expected = NUMBERS[f"{name}/grad/{key}"]
            if key == "image_pc_align_logits":
                expected = expected + NUMBERS[f"{name}/grad/pc_image_align_logits"].T
            gradients.append(_worst(np.zeros_like(expected) if value.grad is None else value.grad, expected))
    yield f"losses, total of {len(totals)} settings (relative)", max(totals)
    yield f"losses, gradients of {len(LABELED)} settings", max(gradients)


def schedule_rows() -> Iterator[Row]:
    """Learning rates and teacher decay."""
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


def mask_rows() -> Iterator[Row]:
    """Masks and augmentations."""
    anchor, size = (torch.tensor(MASKS[f"point_mask_{name}"]).long() for name in ("anchor", "count"))
    found = point_region_mask(torch.tensor(MASKS["point_mask_centers"]), anchor, size)
    yield "point masks", _worst(found, MASKS["point_mask_seed0"])
    normalized = normalize(torch.tensor(MASKS["aug_in"]).unsqueeze(0))[0]
    yield "point normalization", _worst(normalized, MASKS["aug_normalized"])
    angles = torch.tensor(MASKS["rot_perturb_angles_xyz"], dtype=torch.float64).unsqueeze(0)
    yield "rotation matrices", _worst(rotation(angles)[0], MASKS["rot_perturb_matrix"])


def main() -> None:
    """Print a table and, as its last line, JSON."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rows = [*point_rows(), *image_rows(), *loss_rows(), *schedule_rows(), *mask_rows()]
    for name, worst in rows:
        print(f"{name:60} {worst:.1e}")
    print(json.dumps(dict(rows)))


if __name__ == "__main__":
    main()
