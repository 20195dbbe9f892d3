"""Commands of ``python -m crossmost`` beside running pipelines."""

from crossmost.commands.checkpoints import checkpoints
from crossmost.commands.export import export

__all__ = ["COMMANDS"]

COMMANDS = {"checkpoints": checkpoints, "export": export}
