"""Public checkpoint families: reading them safely, describing them, and assembling encoders from them."""

from crossmost.models.checkpoints.content import CheckpointContent, CheckpointDescription
from crossmost.models.checkpoints.readers import READERS, read_checkpoint

__all__ = ["READERS", "CheckpointContent", "CheckpointDescription", "read_checkpoint"]
