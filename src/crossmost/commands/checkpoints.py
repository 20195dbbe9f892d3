"""``python -m crossmost checkpoints inspect FILE``."""

import click

from crossmost.errors import CrossmostError
from crossmost.models.checkpoints import read_checkpoint
from crossmost.models.checkpoints.fetch import locate
from crossmost.models.checkpoints.inspection import describe


@click.group()
def checkpoints() -> None:
    """Public checkpoints of point, image and text towers."""


@checkpoints.command()
@click.argument("file")
def inspect(file: str) -> None:
    """Say what FILE is, whether every key fits, and how to use it.

    FILE is a path, hf://OWNER/REPOSITORY/FILE, or a folder of encoders that this project made.
    """
    try:
        rows = describe(read_checkpoint(locate(file)))
    except CrossmostError as error:
        raise click.ClickException(str(error)) from error
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"{name:<{width}}  {value}")
