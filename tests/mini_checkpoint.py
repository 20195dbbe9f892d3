"""The shipped encoders as a zero-shot model, for tests of what uses a finished model."""

from crossmost.kedro_datasets import CheckpointDataset
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.checkpoints.assembly import StartingPoint
from crossmost.models.encoders import Encoders
from crossmost.models.joint_checkpoint import joint_card, save_joint
from crossmost.models.zeroshot_model import zeroshot_model
from tests.tiny_run import PROJECT

CLASSES = ("chair", "bottle", "table", "lamp", "bed", "sofa")


def mini_checkpoint(prepared: dict[str, int], *, method: str = "zeroshot") -> Checkpoint:
    """A joint model whose card says how its objects were prepared, and whose it is."""
    mini = CheckpointDataset(filepath=str(PROJECT / "data/06_models/mini_encoders")).load()
    start = StartingPoint(Encoders.from_checkpoint(mini).eval(), mini.card)
    card = joint_card(mini.card, list(CLASSES), method=method, prepared=prepared)
    return save_joint(zeroshot_model(start, CLASSES, ["a {}."]), card)
