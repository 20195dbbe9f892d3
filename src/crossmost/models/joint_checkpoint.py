"""Joint models on disk: zero-shot start and adapted models share one format."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from crossmost.errors import CrossmostError
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.encoders import Encoders, EncodersConfig
from crossmost.models.joint import JointModel
from crossmost.models.joint_prediction import Fusion
from crossmost.pose import PoseCorrection

JOINT_FORMAT = "crossmost-joint-1"

_FUSION = "fusion."  # prefix of the tensors beside a model's weights that say how both modalities are read


def save_joint(model: JointModel, card: dict[str, Any]) -> Checkpoint:
    """Weights in full precision; ``card`` must hold what `joint_card` made."""
    return Checkpoint({key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}, card)


def with_fusion(weights: Mapping[str, Tensor], fusion: Fusion) -> dict[str, Tensor]:
    """Weights of a model beside how its predictions of both modalities are read together."""
    return {**weights, **{_FUSION + name: value.cpu().contiguous() for name, value in fusion._asdict().items()}}


def load_fusion(checkpoint: Checkpoint) -> Fusion | None:
    """What `with_fusion` stored; None if nothing was, as no collection has been scored."""
    names = [_FUSION + name for name in Fusion._fields]
    if not all(name in checkpoint.tensors for name in names):
        return None
    return Fusion(*(checkpoint.tensors[name] for name in names))


def with_pose(checkpoint: Checkpoint, pose: PoseCorrection) -> Checkpoint:
    """The model whose card says how clouds are corrected wherever it sees them; adapted models inherit it."""
    return Checkpoint(checkpoint.tensors, checkpoint.card | pose.to_card())


def load_pose(checkpoint: Checkpoint) -> PoseCorrection:
    """What `with_pose` stored; for `load_collection`."""
    return PoseCorrection.from_card(checkpoint.card)


def preparation(image_size: int, cloud_points: int, n_points: int) -> dict[str, int]:
    """What a card says, as ``prepared``, of the objects that a model was made for, by the names of the parameters.

    Args:
        image_size: side of the stored pictures, pixels.
        cloud_points: points of the stored clouds.
        n_points: points of a cloud that enter the point tower when objects are scored.
    """
    return {
        "rendering.views.image_size": image_size,
        "rendering.clouds.n_points": cloud_points,
        "zeroshot.n_points": n_points,
    }


def joint_card(encoders: Mapping[str, Any], class_names: list[str], **more: Any) -> dict[str, Any]:
    """Card of a joint model that was built on the encoders of a card."""
    inherited = (
        "encoders",
        "embed_dim",
        "image_size",
        "image_mean",
        "image_std",
        "up_axis",
        "color",
        "family",
        "space",
        "expected_points",
        "license",
    )
    kept = {key: encoders[key] for key in inherited if key in encoders}
    return {"format": JOINT_FORMAT, **kept, "class_names": class_names, **more}


def load_joint(checkpoint: Checkpoint) -> JointModel:
    """Rebuild a joint model in eval mode.

    Raises:
        CrossmostError: wrong format, or tensors that do not fit the card.
    """
    if checkpoint.card.get("format") != JOINT_FORMAT:
        raise CrossmostError(
            f"card.json says format {checkpoint.card.get('format')!r}, expected {JOINT_FORMAT!r}; "
            "make the model again with `kedro run --pipelines=zeroshot,selftraining`"
        )
    encoders = Encoders(EncodersConfig.from_card(checkpoint.card["encoders"]).without_text())
    model = JointModel(encoders, torch.zeros(encoders.embed_dim, len(checkpoint.card["class_names"])))
    try:
        weights = {name: value for name, value in checkpoint.tensors.items() if not name.startswith(_FUSION)}
        model.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise CrossmostError(f"the model's weights do not fit its card.json: {error}") from error
    return model.eval()
