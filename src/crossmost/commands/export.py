"""``python -m crossmost export OUT``."""

from pathlib import Path

import click
from kedro.io import DatasetError

from crossmost.errors import CrossmostError
from crossmost.export import PROGRAMS, export_programs
from crossmost.export.programs import TOLERANCE
from crossmost.hooks import user_error
from crossmost.kedro_datasets import CheckpointDataset
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.joint_checkpoint import load_joint
from crossmost.models.scoring import check_cloud_size


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    default=Path("data/06_models/crossmost"),
    show_default=True,
    help="Folder of an adapted (or the zero-shot) model.",
)
@click.option(
    "--n-points",
    type=click.IntRange(min=1),
    help="Points of a cloud; as many as the model was scored with if it is left out.",
)
def export(out: Path, model: Path, n_points: int | None) -> None:
    """Write a model to the folder OUT: weights with their card, and both towers as torch.export programs.

    The programs take batches of any size and return embeddings and class probabilities; they are read back and checked
    against the model before they are kept.
    """
    try:
        checkpoint = CheckpointDataset(filepath=str(model)).load()
        joint = load_joint(checkpoint)
        n_points = n_points or _points_of(checkpoint)
        check_cloud_size(joint.point_tower.config, n_points, checkpoint.card.get("expected_points"))
        differences = export_programs(joint, n_points, out)
    except (CrossmostError, DatasetError) as error:
        raise click.ClickException(str(user_error(error) or error)) from error
    programs = {
        "n_points": n_points,
        "point_channels": joint.point_tower.config.in_channels,
        "outputs": ["unit embedding", "class probabilities"],
        "tolerance": TOLERANCE,
        "largest_difference": differences,
    }
    card = checkpoint.card | {"programs": programs}
    CheckpointDataset(filepath=str(out)).save(type(checkpoint)(checkpoint.tensors, card))
    click.echo(f"{out}/model.safetensors and card.json: {len(checkpoint.card['class_names'])} classes")
    for name in PROGRAMS:
        click.echo(f"{out}/{name}.pt2: differs from the model by at most {differences[name]:.1e}")


def _points_of(checkpoint: Checkpoint) -> int:
    """Points of a cloud with which the model was scored, as its card says."""
    try:
        return int(checkpoint.card["prepared"]["zeroshot.n_points"])
    except KeyError:
        raise CrossmostError(
            "The model's card.json does not say how many points its clouds had; say it with --n-points"
        ) from None
