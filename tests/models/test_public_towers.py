"""Towers of published families against slow, literal references, and their common interface."""

from typing import Any, TypeVar

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from crossmost.errors import CrossmostError
from crossmost.models.backbones import backbone_config, build_image_tower, build_text_tower
from crossmost.models.encoders import Encoders, EncodersConfig
from crossmost.models.joint import JointModel
from crossmost.models.openshape_tower import OpenShapeConfig, OpenShapeTower, first_in_ball
from crossmost.models.point_input import GREY, to_tower_input
from crossmost.models.point_tower import PointTower, PointTowerConfig
from crossmost.models.point_towers import AnyPointConfig, build_point_tower
from crossmost.models.uni3d_tower import Uni3DConfig, Uni3DTower

Module = TypeVar("Module", bound=nn.Module)
UNI3D = Uni3DConfig(
    transformer="eva02_tiny_patch14_224",
    width=192,
    encoder_dims=24,
    encoder_hidden=(8, 16, 24),
    n_groups=6,
    group_size=5,
)
OPENSHAPE = OpenShapeConfig(
    width=128, layers=2, heads=2, mlp_width=96, encoder_dims=20, n_groups=6, radius=0.5, group_size=5
)
COLORED = PointTowerConfig(
    width=48, layers=2, heads=3, encoder_dims=24, encoder_hidden=(8, 16, 24), n_groups=6, group_size=5, in_channels=6
)
TINY_TIMM: dict[str, Any] = {
    "embed_dim": 32,
    "vision_cfg": {
        "image_size": 224,
        "timm_model_name": "vit_tiny_patch16_224",
        "timm_pool": "token",
        "timm_proj": "linear",
    },
}


@pytest.fixture
def cloud() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    xyz = torch.randn(2, 40, 3, generator=generator)
    return torch.cat([xyz / xyz.norm(dim=-1).amax(1)[:, None, None], torch.rand(2, 40, 3, generator=generator)], dim=-1)


def _randomize(module: Module) -> Module:
    """Nothing at a trivial value: norms, biases and running statistics included."""
    generator = torch.Generator().manual_seed(1)
    for name, value in [*module.named_parameters(), *module.named_buffers()]:
        if value.is_floating_point():
            noise = torch.randn(value.shape, generator=generator)
            value.data = 0.5 + noise.abs() if name.endswith("running_var") else noise * 0.2
    return module.eval()


def test_missing_color_is_grey_and_surplus_color_is_dropped(cloud: Tensor) -> None:
    grey = to_tower_input(cloud[..., :3], 6, "y")
    assert torch.equal(grey[..., :3], cloud[..., :3])
    assert (grey[..., 3:] == 0.4).all()
    assert torch.equal(to_tower_input(cloud, 3, "y"), cloud[..., :3])
    assert to_tower_input(cloud, 6, "y") is cloud
    with pytest.raises(ValueError, match=r"3 \(xyz\) or 6"):
        to_tower_input(cloud[..., :5], 6, "y")


def test_z_up_towers_see_height_in_their_third_coordinate(cloud: Tensor) -> None:
    turned = to_tower_input(cloud, 6, "z")
    assert torch.equal(turned[..., 2], cloud[..., 1])
    assert torch.equal(turned[..., 3:], cloud[..., 3:])


def test_colors_reach_a_colored_point_bert(cloud: Tensor) -> None:
    tower = _randomize(PointTower(COLORED))
    other_colors = torch.cat([cloud[..., :3], 1 - cloud[..., 3:]], dim=-1)
    assert not torch.allclose(tower.encode(cloud).feature, tower.encode(other_colors).feature)
    grey = torch.cat([cloud[..., :3], torch.full_like(cloud[..., 3:], GREY)], dim=-1)
    torch.testing.assert_close(tower.encode(cloud[..., :3]).feature, tower.encode(grey).feature)


@torch.no_grad()
def test_uni3d_equals_the_literal_forward(cloud: Tensor) -> None:
    tower = _randomize(Uni3DTower(UNI3D))
    neighborhoods, centers = tower.group(cloud)
    groups = neighborhoods.flatten(0, 1).transpose(1, 2)  # (B·G, 6, K)
    local = tower.encoder.first_conv(groups)
    pooled = local.amax(2, keepdim=True).expand_as(local)
    tokens = tower.encoder.second_conv(torch.cat([pooled, local], dim=1)).amax(2).view(2, 6, -1)
    x = torch.cat([tower.cls_token.expand(2, -1, -1), tower.encoder2trans(tokens)], dim=1)
    x = x + torch.cat([tower.cls_pos.expand(2, -1, -1), tower.pos_embed(centers)], dim=1)
    image_vit: Any = timm.create_model(UNI3D.transformer, num_classes=0).eval()  # a whole one, with all its parts
    image_vit.load_state_dict(tower.visual.state_dict(), strict=False)
    for block in image_vit.blocks:
        x = block(x)
    expected = image_vit.fc_norm(image_vit.norm(x[:, 0]))
    feature = tower.encode(cloud).feature
    torch.testing.assert_close(feature[:, :-1], expected, atol=1e-4, rtol=1e-4)
    assert (feature[:, -1] == 1).all()


def test_first_in_ball_takes_stored_order_and_repeats_the_first() -> None:
    points = torch.tensor([[[0.0, 0, 0], [5, 0, 0], [0.1, 0, 0], [0.2, 0, 0], [0.05, 0, 0]]])
    centers = torch.tensor([[[0.0, 0, 0], [5.0, 0, 0]]])
    assert first_in_ball(centers, points, 1.0, 3).tolist() == [[[0, 2, 3], [1, 1, 1]]]


@torch.no_grad()
def test_openshape_equals_the_literal_forward(cloud: Tensor) -> None:
    tower = _randomize(OpenShapeTower(OPENSHAPE))
    turned = cloud[..., [0, 2, 1, 3, 4, 5]]
    _, centers = tower.group(cloud)
    rows = []
    for points, centers_of_cloud in zip(turned, centers, strict=True):
        tokens = []
        for center in centers_of_cloud:
            inside = [p for p in points if (p[:3] - center).norm() <= OPENSHAPE.radius][: OPENSHAPE.group_size]
            group = torch.stack([torch.cat([p[:3] - center, p]) for p in inside])
            for layer, norm in zip(tower.encoder.mlp_convs, tower.encoder.mlp_bns, strict=True):
                group = functional.relu(norm(layer(group.T[None, :, :, None])[0, :, :, 0].T))
            token = torch.cat([center, group.amax(0)])
            tokens.append(tower.lift[2](tower.lift[0](token[None, :, None])[..., 0])[0])
        x = torch.stack([tower.cls_token, *tokens])
        layers: Any = tower.transformer.layers
        for attention, feed_forward in layers:
            query, key, value = attention.fn.to_qkv(attention.norm(x)).chunk(3, dim=-1)
            heads = []
            for channels in range(0, OPENSHAPE.width, 64):
                part = slice(channels, channels + 64)
                weights = (query[:, part] @ key[:, part].T / 8).softmax(-1)
                heads.append(weights @ value[:, part])
            x = x + attention.fn.to_out(torch.cat(heads, dim=-1))
            x = x + feed_forward.fn.net(feed_forward.norm(x))
        rows.append(x[0])
    torch.testing.assert_close(tower.encode(cloud).feature[:, :-1], torch.stack(rows), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("config", [COLORED, UNI3D, OPENSHAPE], ids=lambda config: config.kind)
def test_every_tower_serves_the_joint_model(config: AnyPointConfig, cloud: Tensor) -> None:
    encoders = Encoders(EncodersConfig(backbone="tiny", architecture=TINY_TIMM, point_tower=config))
    model = JointModel(encoders, torch.randn(32, 4))
    neighborhoods, centers = model.point_tower.group(cloud[..., :3])
    mask = torch.zeros(2, 6, dtype=torch.bool)
    mask[:, ::2] = True
    masked = model.masked_point(model.point_tower.tokenize(neighborhoods), centers, mask)
    (masked.absolute_error + masked.alignment.mean() + masked.embedding.sum()).backward()
    assert model.point_tower.mask_token.grad is not None
    assert torch.isfinite(model.point_tower.mask_token.grad).all()
    torch.testing.assert_close(model.embed_point(cloud).norm(dim=-1), torch.ones(2))
    with pytest.raises(CrossmostError, match="no text tower"):
        encoders.encode_text(["a chair"])


@torch.no_grad()
@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "eva02_tiny_patch14_224"])
def test_timm_image_towers_equal_timm(name: str) -> None:
    # EVA's head is a layer with a bias, as EVA02-E-14-plus has it; the SLIP ViT has open_clip's own projection.
    projection = "linear" if name.startswith("vit") else ""
    vision = TINY_TIMM["vision_cfg"] | {"timm_model_name": name, "timm_proj": projection}
    tower = _randomize(build_image_tower({"embed_dim": 32, "vision_cfg": vision}))
    images = torch.rand(2, 3, 224, 224)
    embedded = tower.project(tower(images).feature)
    torch.testing.assert_close(embedded, tower.visual(images))
    assert embedded.shape == (2, 32)
    mask = torch.zeros(2, tower.grid_size[0] * tower.grid_size[1], dtype=torch.bool)
    torch.testing.assert_close(tower(images, mask).feature, tower(images).feature)
    mask[:, 3] = True
    assert not torch.allclose(tower(images, mask).feature, tower(images).feature)
    assert tower.reconstruct(tower(images, mask).tokens).shape == images.shape


def test_towers_that_cannot_be_masked_are_refused() -> None:
    with torch.device("meta"):
        with pytest.raises(CrossmostError, match="class token"):
            build_image_tower(backbone_config("RN50"))
        with pytest.raises(CrossmostError, match="class token"):
            build_image_tower(backbone_config("ViT-B-16-SigLIP"))
    with pytest.raises(CrossmostError, match="transformers library"):
        build_text_tower(backbone_config("roberta-ViT-B-32"))
    with pytest.raises(CrossmostError, match="knows no model named 'ViT-B-17'"):
        backbone_config("ViT-B-17")


def test_full_size_towers_can_be_built_without_memory() -> None:
    with torch.device("meta"):
        tower = build_point_tower(PointTowerConfig(layers=18, in_channels=6))
    assert tower.state_dict()["encoder.first_conv.0.weight"].shape == (128, 6, 1)
    assert "blocks.blocks.17.norm1.weight" in tower.state_dict()


@pytest.mark.parametrize("architecture", ["crossmost-mini", "timm"])
def test_gradient_checkpointing_changes_no_number(architecture: str) -> None:
    config = TINY_TIMM if architecture == "timm" else backbone_config(architecture)
    tower = _randomize(build_image_tower(config)).train()
    side = tower.visual.image_size[0]
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(2, tower.grid_size[0] * tower.grid_size[1], dtype=torch.bool)
    mask[:, ::3] = True
    found: dict[bool, list[Tensor]] = {}
    calls: list[int] = []
    blocks = tower.visual.trunk.blocks if architecture == "timm" else tower.visual.transformer.resblocks
    blocks[0].register_forward_pre_hook(lambda *_: calls.append(1))
    for enabled in (False, True):
        tower.set_gradient_checkpointing(enabled)
        tower.zero_grad()
        calls.clear()
        features = tower(images, mask)
        (features.feature.square().mean() + features.tokens.square().mean()).backward()
        found[enabled] = [p.grad.clone() for p in tower.parameters() if p.grad is not None]
        assert len(calls) == 1 + enabled
    assert len(found[True]) > 10 and all(map(torch.equal, found[False], found[True]))
