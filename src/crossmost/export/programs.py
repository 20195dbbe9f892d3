"""Both towers with the classifier as `torch.export` programs that need this project no more, checked against it."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim
from torch.nn import functional

from crossmost.errors import CrossmostError, MissingInputError
from crossmost.models.joint import JointModel

TOLERANCE = 1e-4
"""Largest allowed difference of an embedding coordinate or a probability."""
_CHECKED_BATCHES = (1, 3)
Outputs = Callable[[Tensor], tuple[Tensor, Tensor]]
PROGRAMS = ("image", "point")
"""Names of the programs; each lies in a file NAME.pt2."""


class ImageClassifier(nn.Module):
    """Normalized images (B, 3, S, S) → unit embeddings (B, E), probabilities (B, C)."""

    def __init__(self, model: JointModel) -> None:
        super().__init__()
        self.tower, self.classifier, self.logit_scale = model.image_tower, model.classifier, model.logit_scale

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        embedding = functional.normalize(self.tower.project(self.tower(images).feature), dim=-1)
        return embedding, (self.logit_scale.exp() * embedding @ self.classifier).softmax(-1)


class PointClassifier(nn.Module):
    """Unit-radius y-up clouds (B, N, 3 or 6) → unit embeddings (B, E), probabilities (B, C)."""

    def __init__(self, model: JointModel) -> None:
        super().__init__()
        self.tower, self.projection = model.point_tower, model.point_projection
        self.classifier, self.logit_scale = model.classifier, model.logit_scale

    def forward(self, clouds: Tensor) -> tuple[Tensor, Tensor]:
        embedding = functional.normalize(self.tower.encode(clouds).feature @ self.projection, dim=-1)
        return embedding, (self.logit_scale.exp() * embedding @ self.classifier).softmax(-1)


def export_programs(model: JointModel, n_points: int, folder: Path) -> dict[str, float]:
    """Write ``image.pt2`` and ``point.pt2`` and check that, read back, they give the model's outputs.

    Args:
        model: an adapted model, on the CPU.
        n_points: points per cloud of the point program, whose number is fixed; the batch size is free.
        folder: where to write; made if absent.

    Returns:
        Program name → largest difference of an embedding coordinate or a probability.

    Raises:
        CrossmostError: if a program differs from the model by more than `TOLERANCE`.
    """
    model = model.eval()
    side = model.image_tower.visual.image_size[0]
    channels = model.point_tower.config.in_channels
    generator = torch.Generator().manual_seed(0)

    def draw_images(count: int) -> Tensor:
        return torch.randn(count, 3, side, side, generator=generator)

    def draw_clouds(count: int) -> Tensor:
        points = torch.randn(count, n_points, 3, generator=generator)
        points = points / points.norm(dim=-1).amax(-1)[:, None, None]
        return torch.cat([points, torch.rand(count, n_points, channels - 3, generator=generator)], dim=-1)

    def original(embed: Callable[[Tensor], Tensor]) -> Outputs:
        def outputs(batch: Tensor) -> tuple[Tensor, Tensor]:
            embedding = embed(batch)
            return embedding, model.logits(embedding).softmax(-1)

        return outputs

    folder.mkdir(parents=True, exist_ok=True)
    return {
        "image": _export(ImageClassifier(model), original(model.embed_image), draw_images, folder / "image.pt2"),
        "point": _export(PointClassifier(model), original(model.embed_point), draw_clouds, folder / "point.pt2"),
    }


def _export(classifier: nn.Module, original: Outputs, draw: Callable[[int], Tensor], path: Path) -> float:
    """Export with a free batch size, write, read back, compare to the model; returns the largest difference."""
    with torch.no_grad():
        program = torch.export.export(classifier, (draw(2),), dynamic_shapes=({0: Dim("batch")},), strict=False)
    partial = path.with_name(f".{path.name}.partial.pt2")
    try:
        torch.export.save(program, partial)
        difference = max(_difference(original, load_program(partial), draw(count)) for count in _CHECKED_BATCHES)
        if difference > TOLERANCE:
            raise CrossmostError(
                f"the exported program {path.name} differs from the model by {difference:.2g}, more than "
                f"{TOLERANCE:g}; it was not written"
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return difference


def load_program(path: Path) -> Any:
    """A written program, ready to be called with a batch.

    A program is code: load only those you trust.

    Raises:
        MissingInputError: if there is no such file.
        CrossmostError: if it is damaged.
    """
    if not path.is_file():
        raise MissingInputError(f"There is no program {path}; `python -m crossmost export` makes it")
    if not zipfile.is_zipfile(path):
        raise CrossmostError(f"{path} is damaged; export the model again")
    return torch.export.load(path).module()


@torch.no_grad()
def _difference(original: Outputs, program: Any, batch: Tensor) -> float:
    pairs = zip(original(batch), program(batch), strict=True)
    return max(float((ours - theirs).abs().max()) for ours, theirs in pairs)
