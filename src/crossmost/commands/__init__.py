"""Commands of ``python -m crossmost`` beside running pipelines."""

from crossmost.commands.checkpoints import checkpoints

__all__ = ["COMMANDS"]

COMMANDS = {"checkpoints": checkpoints}
