"""Checkpoint files in the published layouts: every key with its shape, but hardly any bytes.

Full-size tensors are one number that is repeated by a stride of 0, which `torch.save` keeps so.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor

from crossmost.models.point_tower import PointTower, PointTowerConfig

PARITY = Path(__file__).parents[2] / "parity"
MANIFESTS: dict[str, dict[str, list[int]]] = json.loads((PARITY / "G_checkpoint_shapes.json").read_text())

Shapes = Mapping[str, Sequence[int]]


def tensors_of(shapes: Shapes) -> dict[str, Tensor]:
    """Every key with its shape."""
    return {
        key: torch.tensor(0 if key.endswith("num_batches_tracked") else 0.01).expand(tuple(shape))
        for key, shape in shapes.items()
    }


def prefixed(state: Mapping[str, Any], prefix: str = "module.") -> dict[str, Any]:
    return {prefix + key: value for key, value in state.items()}


def training_checkpoint(state: Mapping[str, Any]) -> dict[str, Any]:
    """What ULIP's and OpenShape's training scripts save."""
    return {
        "epoch": 3,
        "state_dict": prefixed(state),
        "optimizer": {"state": {0: {"exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 1e-3, "params": [0]}]},
        "best_acc1": 60.4,
        "args": argparse.Namespace(model="ULIP_PointBERT", lr=1e-3),
    }


def ulip() -> dict[str, Any]:
    return training_checkpoint(
        {key.removeprefix("module."): value for key, value in tensors_of(MANIFESTS["ulip"]).items()}
    )


def ulip2() -> dict[str, Any]:
    """Point-BERT of 18 layers with color, aligned to 1280 dimensions."""
    names = [key.removeprefix("module.") for key in MANIFESTS["ulip"]]
    shapes = {name: MANIFESTS["ulip"][f"module.{name}"] for name in names if name.startswith("point_encoder.")}
    for layer in range(12, 18):
        for name in [name for name in shapes if name.startswith("point_encoder.blocks.blocks.0.")]:
            shapes[name.replace(".0.", f".{layer}.", 1)] = shapes[name]
    shapes["point_encoder.encoder.first_conv.0.weight"] = [128, 6, 1]
    return training_checkpoint(tensors_of(shapes | {"pc_projection": [768, 1280], "logit_scale": []}))


def crossmost_pretrained() -> dict[str, Any]:
    return training_checkpoint(tensors_of(MANIFESTS["crossmost_pretrained"]))


def crossmost_adapted() -> dict[str, Any]:
    model = tensors_of(MANIFESTS["crossmost_adapted"])
    return {"model": model, "optimizer": {}, "epoch": "best", "args": argparse.Namespace(lr=1e-3), "model_ema": model}


def openshape_shapes(
    width: int = 512, layers: int = 12, mlp_width: int = 1536, encoder_dims: int = 256
) -> dict[str, list[int]]:
    """Names and shapes of OpenShape's ``PointPatchTransformer``."""
    shapes: dict[str, list[int]] = {"cls_token": [width]}
    channels = [9, 64, 64, encoder_dims]
    for index, (before, after) in enumerate(pairwise(channels)):
        shapes |= {f"sa.mlp_convs.{index}.weight": [after, before, 1, 1], f"sa.mlp_convs.{index}.bias": [after]}
        shapes |= {f"sa.mlp_bns.{index}.{name}": [after] for name in ("weight", "bias", "running_mean", "running_var")}
        shapes[f"sa.mlp_bns.{index}.num_batches_tracked"] = []
    shapes |= {"lift.0.weight": [width, encoder_dims + 3, 1], "lift.0.bias": [width]}
    shapes |= {"lift.2.weight": [width], "lift.2.bias": [width]}
    for layer in range(layers):
        at = f"transformer.layers.{layer}"
        shapes |= {f"{at}.{branch}.norm.{name}": [width] for branch in (0, 1) for name in ("weight", "bias")}
        shapes |= {f"{at}.0.fn.to_qkv.weight": [3 * width, width]}
        shapes |= {f"{at}.0.fn.to_out.0.weight": [width, width], f"{at}.0.fn.to_out.0.bias": [width]}
        shapes |= {f"{at}.1.fn.net.0.weight": [mlp_width, width], f"{at}.1.fn.net.0.bias": [mlp_width]}
        shapes |= {f"{at}.1.fn.net.3.weight": [width, mlp_width], f"{at}.1.fn.net.3.bias": [width]}
    return shapes


def openshape() -> dict[str, Any]:
    shapes = prefixed(openshape_shapes(), "ppat.") | {"proj.weight": [1280, 512], "proj.bias": [1280]}
    return training_checkpoint(tensors_of(shapes))


def openshape_demo_l14() -> dict[str, Any]:
    shapes = prefixed(openshape_shapes(mlp_width=1024, encoder_dims=128), "pc_encoder.ppat.")
    return tensors_of(shapes | {"pc_encoder.proj.weight": [768, 512], "pc_encoder.proj.bias": [768]})


def openshape_demo_b32() -> dict[str, Any]:
    return tensors_of(prefixed(openshape_shapes(mlp_width=1024, encoder_dims=128), "pc_encoder."))


def uni3d_shapes(transformer: str, width: int, encoder_dims: int = 512) -> dict[str, list[int]]:
    """Names and shapes of Uni3D's point encoder, with the whole image ViT that it is built on."""
    with torch.device("meta"):
        visual = timm.create_model(transformer)
    shapes: dict[str, list[int]] = {f"visual.{key}": list(value.shape) for key, value in visual.state_dict().items()}
    shapes |= {"cls_token": [1, 1, width], "cls_pos": [1, 1, width]}
    for name, size in (("first_conv.0", (128, 6)), ("first_conv.3", (256, 128)), ("second_conv.0", (512, 512))):
        shapes |= {f"encoder.{name}.weight": [*size, 1], f"encoder.{name}.bias": [size[0]]}
    shapes |= {"encoder.second_conv.3.weight": [encoder_dims, 512, 1], "encoder.second_conv.3.bias": [encoder_dims]}
    for name, channels in (("first_conv.1", 128), ("second_conv.1", 512)):
        shapes |= {f"encoder.{name}.{part}": [channels] for part in ("weight", "bias", "running_mean", "running_var")}
        shapes[f"encoder.{name}.num_batches_tracked"] = []
    shapes |= {"encoder2trans.weight": [width, encoder_dims], "encoder2trans.bias": [width]}
    shapes |= {"trans2embed.weight": [1024, width], "trans2embed.bias": [1024]}
    shapes |= {"pos_embed.0.weight": [128, 3], "pos_embed.0.bias": [128]}
    return shapes | {"pos_embed.2.weight": [width, 128], "pos_embed.2.bias": [width]}


def uni3d(transformer: str = "eva02_base_patch14_448", width: int = 768) -> dict[str, Any]:
    shapes = prefixed(uni3d_shapes(transformer, width), "point_encoder.") | {"logit_scale": []}
    return {"module": tensors_of(shapes), "epoch": 1}


def dvae() -> dict[str, Any]:
    return {"base_model": prefixed(tensors_of(MANIFESTS["dvae"])), "metrics": 0.1, "epoch": 1}


def masked_point_modeling() -> dict[str, Any]:
    """Both encoders of momentum contrast beside the dVAE; the names are those of the public code."""
    tower = tensors_of({key: list(value.shape) for key, value in _published_point_bert().items()})
    heads = {"lm_head.weight": [8192, 384], "lm_head.bias": [8192]}
    heads |= {f"cls_head.{layer}.{kind}": [512, 384] for layer in (0, 2) for kind in ("weight", "bias")}
    encoder = tower | tensors_of(heads)
    state = prefixed(encoder, "transformer_q.") | prefixed(encoder, "transformer_k.")
    state |= prefixed(tensors_of(MANIFESTS["dvae"]), "dvae.") | tensors_of({"queue": [512, 16384], "queue_ptr": [1]})
    return {"base_model": prefixed(state), "epoch": 299}


def _published_point_bert() -> dict[str, Tensor]:
    with torch.device("meta"):
        tower = PointTower(PointTowerConfig())
    return {key: value for key, value in tower.state_dict().items() if not key.startswith("lm_head.")}


def clip_weights() -> dict[str, Any]:
    """As open_clip's own file of ViT-B-16."""
    return tensors_of(MANIFESTS["clip_vit_b_16"])


FILES = {
    "ulip": ulip,
    "ulip2": ulip2,
    "crossmost_pretrained": crossmost_pretrained,
    "crossmost_adapted": crossmost_adapted,
    "openshape": openshape,
    "openshape_demo_l14": openshape_demo_l14,
    "openshape_demo_b32": openshape_demo_b32,
    "uni3d": uni3d,
    "dvae": dvae,
    "masked_point_modeling": masked_point_modeling,
    "clip": clip_weights,
}


def state_in(content: dict[str, Any]) -> dict[str, Any]:
    """The state dict that a reader looks at, to damage it."""
    entries = ("model_ema", "state_dict", "module", "base_model")
    return next((content[entry] for entry in entries if entry in content), content)
