"""Masked losses, alignment and gradients of the joint model are the original's when its arithmetic is asked for."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from open_clip.transformer import QuickGELU, VisionTransformer
from safetensors.torch import load_file
from torch import nn

from crossmost.models.image_tower import ImageTower
from crossmost.models.joint import JointModel, MaskedPass, Towers
from crossmost.models.point_tower import PointTower, PointTowerConfig

PARITY = Path(__file__).parents[1] / "parity"
POINT = np.load(PARITY / "A_point_small_io.npz")
IMAGE = np.load(PARITY / "B_image_small_io.npz")


def small_model(dtype: torch.dtype) -> JointModel:
    """The recorded small towers as a joint model."""
    image_tower = ImageTower(VisionTransformer(32, 8, 64, 2, 4, 4.0, output_dim=32, act_layer=QuickGELU))
    ours = ("mask_token_embedding", "ln_patch.", "decoder.")
    state = load_file(PARITY / "B_image_small_state.safetensors")
    image_tower.load_state_dict(
        {key if key.startswith(ours) else f"visual.{key}": value for key, value in state.items()}, strict=False
    )
    config = PointTowerConfig(width=96, layers=2, heads=3, encoder_dims=64, n_groups=16, group_size=8)
    point_tower = PointTower(config)
    point_state = load_file(PARITY / "A_point_small_state.safetensors")
    projection = point_state.pop("proj")
    point_tower.load_state_dict(point_state, strict=True)
    scale, pooled = nn.Parameter(torch.tensor(3.2)), nn.Parameter(torch.zeros(192, 32))
    model = JointModel(Towers(image_tower, point_tower, pooled, scale), torch.zeros(32, 10))
    model.point_token_projection = nn.Parameter(projection)
    model.batch_statistics = True
    return model.to(dtype)


def masked_points(model: JointModel, start: str = "start0") -> tuple[MaskedPass, torch.Tensor]:
    """The recorded masked pass, with the released arithmetic; and its features (B, 2·width)."""
    tower = model.point_tower
    first = torch.tensor(POINT["fps_start_random"]).long() if start == "startr" else None
    neighborhoods, centers = tower.group(torch.tensor(POINT["pts"]).to(model.classifier.dtype), first)
    mask = torch.tensor(POINT[f"{start}/mask"])
    tokens = tower.tokenize(neighborhoods)
    masked = model.masked_point(tokens, centers, mask, target="mask_token", anchor="class_token")
    return masked, tower(tokens, centers, mask).feature


@pytest.mark.parametrize("start", ["start0", "startr"])
@pytest.mark.parametrize(
    ("dtype", "suffix", "tolerance", "relative"),
    [(torch.float32, "", 2e-5, 1e-5), (torch.float64, "_f64", 1e-9, 1e-9)],
)
def test_masked_point_losses(dtype: torch.dtype, suffix: str, tolerance: float, relative: float, start: str) -> None:
    masked, features = masked_points(small_model(dtype).eval(), start)
    recorded = f"{start}/eval/masked"
    np.testing.assert_allclose(features.detach(), POINT[f"{recorded}/features{suffix}"], atol=tolerance)
    np.testing.assert_allclose(masked.alignment.detach(), POINT[f"{recorded}/loss_align{suffix}"], atol=tolerance)
    loss = masked.absolute_error / masked.hidden / len(POINT["pts"])
    assert loss.item() == pytest.approx(float(POINT[f"{recorded}/loss_mim{suffix}"]), rel=relative)


def test_masked_point_losses_with_batch_statistics() -> None:
    masked, features = masked_points(small_model(torch.float32).train())
    np.testing.assert_allclose(features.detach(), POINT["start0/train/masked/features"], atol=2e-5)
    np.testing.assert_allclose(masked.alignment.detach(), POINT["start0/train/masked/loss_align"], atol=2e-5)
    mean = masked.alignment.mean().item()
    assert mean == pytest.approx(float(POINT["start0/train/masked/loss_align"].mean()), rel=1e-5)
    loss = masked.absolute_error / masked.hidden / len(POINT["pts"])
    assert loss.item() == pytest.approx(float(POINT["start0/train/masked/loss_mim"]), rel=1e-5)


def test_gradients_and_statistics_of_the_masked_point_pass() -> None:
    model = small_model(torch.float32).train()
    before = {name: buffer.clone() for name, buffer in model.point_tower.named_buffers()}
    masked, features = masked_points(model)
    loss = masked.absolute_error / masked.hidden / 4 + 0.2 * masked.alignment.mean() + features.square().mean()
    assert loss.item() == pytest.approx(float(POINT["start0/train/masked/grad_test_loss"]), rel=1e-5)
    loss.backward()
    norms = json.loads((PARITY / "A_point_small_grad_norms.json").read_text())["l2_norms"]
    parameters = dict(model.point_tower.named_parameters()) | {"proj": model.point_token_projection}
    assert parameters.keys() == norms.keys()
    for name, parameter in parameters.items():
        found = 0.0 if parameter.grad is None else parameter.grad.norm().item()
        # A bias before BatchNorm has no gradient: rounding noise is compared with rounding noise.
        assert found == pytest.approx(norms[name], rel=1e-4, abs=5e-5), name
    for name in ("mask_token", "cls_token", "cls_pos", "lm_head.bias", "norm.weight"):
        gradient = parameters[name].grad
        assert gradient is not None
        np.testing.assert_allclose(gradient, POINT[f"start0/train/masked/grad/{name}"], atol=2e-5, err_msg=name)
    for name, buffer in model.point_tower.named_buffers():
        assert not torch.equal(buffer, before[name])
        np.testing.assert_allclose(buffer, POINT[f"start0/train/masked/bn_after/{name}"], atol=1e-5, err_msg=name)


@pytest.mark.parametrize(("dtype", "suffix", "tolerance"), [(torch.float32, "", 2e-5), (torch.float64, "_f64", 1e-9)])
def test_masked_image_losses(dtype: torch.dtype, suffix: str, tolerance: float) -> None:
    model = small_model(dtype).eval()
    images, mask = torch.tensor(IMAGE["images"]).to(dtype), torch.tensor(IMAGE["mask"]).flatten(1).bool()
    masked = model.masked_image(images, mask)
    assert masked.hidden.item() == int(IMAGE["masked/mask_pixels"])
    assert (masked.channels, masked.tokens) == (3, 17)
    assert masked.absolute_error.item() == pytest.approx(float(IMAGE["masked/abs_err_sum"]), rel=1e-5)
    per_pixel = masked.absolute_error / masked.hidden
    recorded = float(IMAGE[f"masked/loss_mim{suffix}"])
    assert (per_pixel / masked.tokens).item() == pytest.approx(recorded, rel=1e-5 if not suffix else 1e-9)
    assert (per_pixel / masked.channels).item() == pytest.approx(float(IMAGE["masked/loss_mim_must_rule"]), rel=1e-5)


def test_gradients_of_the_masked_image_pass() -> None:
    model = small_model(torch.float32).train()
    images, mask = torch.tensor(IMAGE["images"]), torch.tensor(IMAGE["mask"]).flatten(1).bool()
    masked, features = model.masked_image(images, mask), model.image_tower(images, mask)
    loss = masked.absolute_error / masked.hidden / masked.tokens
    loss = loss + features.feature.square().mean() + 0.1 * features.tokens.square().mean()
    assert loss.item() == pytest.approx(float(IMAGE["masked/grad_test_loss"]), rel=1e-5)
    loss.backward()
    norms = json.loads((PARITY / "B_image_small_grad_norms.json").read_text())["l2_norms"]
    parameters = {name.removeprefix("visual."): value for name, value in model.image_tower.named_parameters()}
    parameters.pop("proj")
    assert parameters.keys() == norms.keys()
    for name, parameter in parameters.items():
        assert parameter.grad is not None
        assert parameter.grad.norm().item() == pytest.approx(norms[name], rel=1e-4, abs=5e-6), name
    for name in ("mask_token_embedding", "class_embedding", "decoder.0.bias", "ln_patch.weight"):
        gradient = parameters[name].grad
        assert gradient is not None
        np.testing.assert_allclose(gradient, IMAGE[f"masked/grad/{name}"], atol=1e-6, err_msg=name)


def test_statistics_stay_unless_asked_for() -> None:
    model = small_model(torch.float32)
    model.batch_statistics = False
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    masked_points(model.train())
    for name, buffer in model.named_buffers():
        assert torch.equal(buffer, before[name]), name
