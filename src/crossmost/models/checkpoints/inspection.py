"""A checkpoint described for people."""

from crossmost.models.checkpoints.content import CheckpointContent
from crossmost.models.openshape_tower import OpenShapeConfig
from crossmost.models.point_tower import PointTowerConfig
from crossmost.models.point_towers import AnyPointConfig


def describe(content: CheckpointContent) -> list[tuple[str, str]]:
    """Rows of (what, value): family, space, towers, points, color, up axis, unused keys."""
    described = content.description
    rows = [("family", described.family)]
    if described.space or described.embed_dim:
        dimensions = f"{described.embed_dim} dimensions"
        rows.append(("space", f"{described.space}, {dimensions}" if described.space else f"unknown, {dimensions}"))
    rows += _point_rows(described.point_tower, described.expected_points)
    if described.point_tower is None and content.point:
        rows.append(("point tower", f"only its mini-PointNet ({len(content.point)} tensors), an initialization"))
    image_text = described.image_text
    rows.append(("image tower", f"{image_text.backbone} ({len(content.image)} tensors)" if image_text else "none"))
    rows.append(("text tower", f"{len(content.text)} tensors" if content.text else "none"))
    if described.n_classes:
        rows.append(("classifier", f"{described.n_classes} classes, for which it was adapted"))
    if described.logit_scale is not None:
        rows.append(("logit scale", f"{described.logit_scale:g}"))
    rows += [("not used", f"{keys.count} keys ({keys.example} …): {keys.reason}") for keys in described.unused]
    if described.other_entries:
        rows.append(("not used", f"entries beside the weights: {', '.join(described.other_entries)}"))
    rows += [("note", note) for note in described.notes]
    if described.is_initialization:
        rows.append(("to use it", "alignment.towers.point_tower: {start: checkpoint, checkpoint: FILE}"))
    elif described.point_tower is not None:
        rows.append(("to use it", f"zeroshot.encoders.backbone: {_backbone(content)}"))
    return rows


def _backbone(content: CheckpointContent) -> str:
    return "checkpoint" if content.description.image_text else str(content.description.space)


def _point_rows(config: AnyPointConfig | None, expected_points: int | None) -> list[tuple[str, str]]:
    if config is None:
        return []
    if isinstance(config, PointTowerConfig):
        kind = f"Point-BERT, {config.layers} layers of width {config.width}, {config.heads} heads"
    elif isinstance(config, OpenShapeConfig):
        kind = (
            f"OpenShape, {config.layers} layers of width {config.width}, {config.heads} heads, radius {config.radius}"
        )
    else:
        kind = f"Uni3D, {config.transformer} of width {config.width}"
    return [
        ("point tower", kind),
        ("groups", f"{config.n_groups} of {config.group_size} points"),
        ("expected points", f"{expected_points or 'unknown'} per cloud, zero mean, unit radius"),
        ("color", "rgb in 0…1, grey 0.4 where there is none" if config.in_channels == 6 else "not used"),
        ("up axis", config.up_axis if config.up_axis == "y" else "z (our y-up clouds are turned for it)"),
    ]
