"""The joint model before any adaptation."""

import logging
from collections.abc import Sequence

import torch

from crossmost.errors import CrossmostError
from crossmost.models.checkpoints.assembly import StartingPoint
from crossmost.models.encoding import scoring_device
from crossmost.models.joint import JointModel
from crossmost.models.text_classifier import text_classifier

logger = logging.getLogger(__name__)
MOST_NAMED = 8


def zeroshot_model(start: StartingPoint, class_names: Sequence[str], templates: Sequence[str]) -> JointModel:
    """Encoders with a classifier: that of an adapted checkpoint if it brings one, else one made of class names.

    Names are embedded on a GPU if there is one; the model is on the CPU.

    Args:
        class_names: C names, in the order of the logits.
        templates: prompts with one ``{}`` each.

    Raises:
        CrossmostError: if the checkpoint's own classifier has another number of classes.
    """
    classifier = start.classifier
    if classifier is None:
        _warn_of_other_names(start, class_names)
        classifier = text_classifier(start.encoders.to(scoring_device()), class_names, templates).cpu()
        start.encoders.cpu()
    elif classifier.shape[1] != len(class_names):
        raise CrossmostError(
            f"the checkpoint's classifier has {classifier.shape[1]} classes, this collection {len(class_names)}; an "
            "adapted checkpoint fits only the classes, in the order, that it was adapted to"
        )
    model = JointModel(start.encoders, classifier)
    if start.point_token_projection is not None:
        with torch.no_grad():
            model.point_token_projection.copy_(start.point_token_projection)
    return model.eval()


def unknown_class_names(start: StartingPoint, class_names: Sequence[str]) -> list[str]:
    """Names that mean nothing to encoders that were trained on a few names only, as the mini encoders; else none."""
    known = {_spelt(name) for name in start.card.get("class_names", ())}
    return [name for name in class_names if known and _spelt(name) not in known]


def _warn_of_other_names(start: StartingPoint, class_names: Sequence[str]) -> None:
    others = unknown_class_names(start, class_names)
    if others:
        known = start.card["class_names"]
        logger.warning(
            "The mini encoders know %d class names only (%s). The others mean nothing to them: %s. For such names take "
            "a CLIP-like model with a point tower (docs/checkpoints.md)",
            len(known),
            ", ".join(known),
            ", ".join(others[:MOST_NAMED]) + (f" and {len(others) - MOST_NAMED} more" * (len(others) > MOST_NAMED)),
        )


def _spelt(name: str) -> str:
    return name.lower().replace("_", " ")
