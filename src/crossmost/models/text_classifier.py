"""Zero-shot classifier from class names (Radford et al., 2021, §3.1)."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from crossmost.errors import CrossmostError
from crossmost.models.encoders import Encoders
from crossmost.progress import track


@torch.no_grad()
def text_classifier(encoders: Encoders, class_names: Sequence[str], templates: Sequence[str]) -> Tensor:
    """Classifier matrix (E, C): per class the mean of the unit embeddings of its prompts, normalized again.

    Args:
        encoders: whose text tower to use.
        class_names: C names; underscores become spaces before they enter a prompt.
        templates: prompts with a ``{}`` where the name goes.

    Raises:
        CrossmostError: no or duplicate class names, no template, or one without ``{}``.
    """
    if not class_names or len(set(class_names)) != len(class_names):
        raise CrossmostError(f"class names must be non-empty and unique, got {list(class_names)}")
    if not templates:
        raise CrossmostError("there is no prompt template")
    if bad := [template for template in templates if "{}" not in template]:
        raise CrossmostError(f"prompt templates need a '{{}}' where the class name goes, got {bad}")
    names = [name.replace("_", " ") for name in class_names]
    columns = [
        encoders.encode_text([template.replace("{}", name) for template in templates]).mean(0)
        for name in track(names, "embedding prompts", len(names), "classes")
    ]
    return functional.normalize(torch.stack(columns, dim=1), dim=0)
