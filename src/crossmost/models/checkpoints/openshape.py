"""OpenShape (Liu et al., NeurIPS 2023) with its PointBERT tower, in the spaces of three CLIPs.

The ViT-bigG-14 file is a training checkpoint (``state_dict``, ``module.``); those for ViT-L/14 and ViT-B/32 hold the
tower under ``pc_encoder.``, and the last has no projection.
"""

import torch
from torch import Tensor

from crossmost.errors import CrossmostError
from crossmost.models.checkpoints.content import CheckpointContent, CheckpointDescription
from crossmost.models.checkpoints.file import CheckpointFile
from crossmost.models.checkpoints.ledger import KeyLedger, shapes_of
from crossmost.models.openshape_tower import OpenShapeConfig, OpenShapeTower
from crossmost.models.point_input import UpAxis
from crossmost.models.point_towers import FRESH_PARTS

TITLE = "OpenShape PointBERT"
SPACES: dict[int, tuple[str, UpAxis]] = {
    1280: ("laion2b_s39b_b160k/ViT-bigG-14", "z"),
    768: ("openai/ViT-L-14", "y"),
    512: ("openai/ViT-B-32", "y"),
}
# (width, layers, feed-forward, encoder) → (groups, radius, points of a group): the published scalings.
_GROUPINGS = {
    (256, 6, 1024, 96): (64, 0.4, 256),
    (512, 6, 1024, 128): (64, 0.4, 256),
    (512, 12, 1536, 256): (384, 0.2, 64),
    (768, 12, 2304, 256): (512, 0.2, 64),
    (768, 24, 3072, 256): (512, 0.2, 64),
}
# The demo's towers have 12 layers of width 512 as well as scaling 3, but the grouping of scaling 2.
_DEMO = ((512, 12, 1024, 128), (64, 0.4, 256))
_SCALING_3 = ((512, 12, 1024, 128), (128, 0.35, 128))


def matches(file: CheckpointFile) -> bool:
    """A set abstraction and a plain transformer."""
    return _prefix(file) is not None


def _prefix(file: CheckpointFile) -> str | None:
    """What precedes the tower's own names; None if there is no such tower."""
    keys = file.state("state_dict", "")
    for prefix in ("ppat.", "pc_encoder.ppat.", "pc_encoder."):
        if any(key.startswith((f"{prefix}sa.mlp_convs.", f"{prefix}transformer.layers.")) for key in keys):
            return prefix
    return None


def read(file: CheckpointFile) -> CheckpointContent:
    """The point tower.

    Raises:
        CrossmostError: if keys are missing, of the wrong shape or unknown, or the sizes are of no published model.
    """
    prefix = _prefix(file) or ""
    ledger = KeyLedger(file.state("state_dict", ""), TITLE, file.path)
    width = ledger.shape(f"{prefix}cls_token")[0]
    projection_prefix = prefix.removesuffix("ppat.") + "proj."
    has_projection = any(key.startswith(projection_prefix) for key in ledger.keys())  # noqa: SIM118
    embed_dim = ledger.shape(f"{projection_prefix}weight")[0] if has_projection else width
    if embed_dim not in SPACES:
        raise CrossmostError(
            f"{file.path} is an OpenShape tower for a space of {embed_dim} dimensions; known are "
            f"{', '.join(f'{dim} ({space})' for dim, (space, _) in SPACES.items())}"
        )
    space, up_axis = SPACES[embed_dim]
    config = _config(ledger, prefix, up_axis, file)
    point = ledger.take_tower(
        shapes_of(lambda: OpenShapeTower(config)),
        lambda key: prefix + (f"sa.{key.removeprefix('encoder.')}" if key.startswith("encoder.") else key),
        optional=FRESH_PARTS,
    )
    if has_projection:
        weight = ledger.take(f"{projection_prefix}weight", (embed_dim, width))
        bias = ledger.take(f"{projection_prefix}bias", (embed_dim,))
    else:
        weight, bias = torch.eye(width), torch.zeros(width)
    if prefix.startswith("pc_encoder."):
        outside = tuple(key for key in ledger.keys() if not key.startswith("pc_encoder."))  # noqa: SIM118
        ledger.leave(outside, "not part of the point tower")
    return CheckpointContent(
        description=CheckpointDescription(
            family=TITLE,
            space=space,
            embed_dim=embed_dim,
            point_tower=config,
            expected_points=10_000,
            unused=ledger.close(),
        ),
        point=point,
        point_projection=affine(weight, bias),
    )


def affine(weight: Tensor, bias: Tensor) -> Tensor | None:
    """A linear layer (E, D) with bias (E) as one matrix (D + 1, E) for features that end in 1."""
    if weight.dim() != 2 or bias.shape != weight.shape[:1]:
        return None  # the ledger reports it
    return torch.cat([weight.t(), bias[None]]).float()


def _config(ledger: KeyLedger, prefix: str, up_axis: UpAxis, file: CheckpointFile) -> OpenShapeConfig:
    width = ledger.shape(f"{prefix}cls_token")[0]
    encoder_dims = ledger.shape(f"{prefix}sa.mlp_convs.2.weight")[0]
    mlp_width = ledger.shape(f"{prefix}transformer.layers.0.1.fn.net.0.weight")[0]
    layers = ledger.count_layers(f"{prefix}transformer.layers.")
    sizes = (width, layers, mlp_width, encoder_dims)
    ambiguous, grouping = _DEMO if prefix.startswith("pc_encoder.") else _SCALING_3
    known = _GROUPINGS | {ambiguous: grouping}
    if sizes not in known:
        raise CrossmostError(
            f"{file.path} is an OpenShape tower of width {width} with {layers} layers, feed-forward width {mlp_width} "
            f"and {encoder_dims} encoder channels, which is no published size"
        )
    n_groups, radius, group_size = known[sizes]
    return OpenShapeConfig(
        width=width,
        layers=layers,
        heads=width // 64,
        mlp_width=mlp_width,
        encoder_dims=encoder_dims,
        n_groups=n_groups,
        radius=radius,
        group_size=group_size,
        in_channels=ledger.shape(f"{prefix}sa.mlp_convs.0.weight")[1] - 3,
        up_axis=up_axis,
    )
