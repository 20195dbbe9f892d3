"""The joint model that self-training adapts: both towers, their projections and one shared classifier."""

from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossmost.models.image_tower import ImageTower
from crossmost.models.point_towers import AnyPointTower

PointTarget = Literal["token", "mask_token"]
"""What a hidden point token shall be predicted as: itself (no gradient), or the released code's degenerate target, the
mask token that replaced it (with gradient)."""

PointAnchor = Literal["embedding", "class_token"]
"""What hidden point tokens are aligned with: the cloud's embedding, or (released) the class token alone, under the
tokens' own projection."""


class AlignedTowers(Protocol):
    """What a joint model is built from; `Encoders` are one, `Towers` the least that will do."""

    @property
    def image_tower(self) -> ImageTower:
        """Pictures → features."""

    @property
    def point_tower(self) -> AnyPointTower:
        """Clouds → features."""

    @property
    def point_projection(self) -> nn.Parameter:
        """(features of a cloud, E)."""

    @property
    def logit_scale(self) -> nn.Parameter:
        """Logarithm of what cosines are multiplied with."""


class Towers(NamedTuple):
    """Two towers without the text tower they were aligned with."""

    image_tower: ImageTower
    point_tower: AnyPointTower
    point_projection: nn.Parameter
    logit_scale: nn.Parameter


class MaskedPass(NamedTuple):
    """Values of one masked pass of one tower; sums and counts, so that processes can add them up.

    Attributes:
        embedding: (B, E) unit embedding of the class token (images) or pooled feature (points).
        absolute_error: scalar, sum of absolute errors over what was hidden and its channels.
        hidden: scalar, how much was hidden: pixels of all images, or tokens of all clouds.
        hidden_tokens: scalar, how many tokens were hidden.
        alignment: (masked tokens,) squared distance of each masked token to its embedding, row-major; see `of_hidden`.
        channels: of what was hidden: 3 colors, or the width of a token.
        tokens: in the sequence, the class token included.
    """

    embedding: Tensor
    absolute_error: Tensor
    hidden: Tensor
    hidden_tokens: Tensor
    alignment: Tensor
    channels: int
    tokens: int


class ModalityOutput(NamedTuple):
    """What one modality gives in a student step.

    Attributes:
        logits: (B, C).
        embedding: (B, E) unit length.
        masked: the masked pass; None when nothing was hidden.
    """

    logits: Tensor
    embedding: Tensor
    masked: MaskedPass | None


class JointOutput(NamedTuple):
    """Both modalities of one student step, of B objects with k views each."""

    image: ModalityOutput
    point: ModalityOutput

    def cross_modal_logits(self, temperature: float = 1.0) -> Tensor:
        """(B·k, B) cosines of image embeddings (rows) with point embeddings (columns), divided by the temperature."""
        return self.image.embedding @ self.point.embedding.T / temperature


def of_hidden(values: Tensor, mask: Tensor) -> Tensor:
    """Values (*S, …) where ``mask`` (*S) is set, row-major; on a GPU all values, zeros where it is not set.

    Sums are the same. To learn how many are set, every step would have to wait for the GPU.
    """
    if values.device.type == "cpu":
        return values[mask]
    return torch.where(mask.view(*mask.shape, *[1] * (values.dim() - mask.dim())), values, 0)


def token_alignment(tokens: Tensor, projection: Tensor, embedding: Tensor, mask: Tensor) -> Tensor:
    """Global–local alignment of each masked token: ‖normalize(token·projection) − embedding‖².

    Args:
        tokens: (B, L, D); projection: (D, E); embedding: (B, E) of unit length; mask: (B, L) bool.

    Returns:
        (masked tokens,), row-major; see `of_hidden`.
    """
    local = functional.normalize(tokens @ projection, dim=-1)
    return of_hidden((local - embedding.unsqueeze(1)).square().sum(-1), mask)


class JointModel(nn.Module):
    """Image and point towers with a classifier (E, C) that both modalities share (Cross-MoST, §3).

    Args:
        encoders: aligned towers; the joint model takes over their modules.
        classifier: (E, C) initial classifier, from `text_classifier`.

    Attributes:
        batch_statistics: whether the mini-PointNet's BatchNorm uses and updates the statistics of the batch in
            training mode, as the released code does although its weights are frozen. All other BatchNorm layers keep
            their pre-training statistics: adaptation sets are small.
    """

    def __init__(self, encoders: AlignedTowers, classifier: Tensor) -> None:
        super().__init__()
        self.batch_statistics = False
        self.image_tower = encoders.image_tower
        self.point_tower = encoders.point_tower
        self.point_projection = encoders.point_projection
        # Group tokens reach the embedding through the maximum half of the projection: the natural start for their own.
        self.point_token_projection = nn.Parameter(
            encoders.point_projection.detach()[self.point_tower.token_rows].clone()
        )
        self.logit_scale = encoders.logit_scale
        self.classifier = nn.Parameter(classifier.detach().clone())

    def train(self, mode: bool = True) -> "JointModel":
        """As `nn.Module.train`, but BatchNorm stays in evaluation mode; see ``batch_statistics``."""
        super().train(mode)
        updating = set(self.point_tower.encoder.modules()) if self.batch_statistics else set()
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm) and module not in updating:
                module.eval()
        return self

    def forward(
        self,
        images: Tensor,
        neighborhoods: Tensor,
        centers: Tensor,
        image_mask: Tensor | None = None,
        point_mask: Tensor | None = None,
        *,
        shared_pass: bool = False,
        point_target: PointTarget = "token",
        point_anchor: PointAnchor = "embedding",
    ) -> JointOutput:
        """All student passes of a step.

        Args:
            images: (B·k, 3, H, W) normalized.
            neighborhoods, centers: clouds cut by ``point_tower.group``.
            image_mask: (B·k, P) bool over patches; point_mask: (B, G) bool over groups; None hides nothing.
            shared_pass: logits and embeddings come from the masked pass too (one pass for everything, as released);
                otherwise from an unmasked pass of their own.
            point_target, point_anchor: of the masked point pass.
        """
        tokens = self.point_tower.tokenize(neighborhoods)
        masked_image = None if image_mask is None else self.masked_image(images, image_mask)
        masked_point = (
            None
            if point_mask is None
            else self.masked_point(tokens, centers, point_mask, target=point_target, anchor=point_anchor)
        )
        if shared_pass and masked_image is not None and masked_point is not None:
            image, point = masked_image.embedding, masked_point.embedding
        else:
            image, point = self.embed_image(images), self.embed_tokens(tokens, centers)
        return JointOutput(
            ModalityOutput(self.logits(image), image, masked_image),
            ModalityOutput(self.logits(point), point, masked_point),
        )

    def embed_image(self, images: Tensor) -> Tensor:
        """Normalized images (B, 3, H, W) → unit embeddings (B, E)."""
        return functional.normalize(self.image_tower.project(self.image_tower(images).feature), dim=-1)

    def embed_point(self, points: Tensor, fps_start: Tensor | None = None) -> Tensor:
        """Unit-radius clouds (B, N, C) → unit embeddings (B, E)."""
        return self._project_point(self.point_tower.encode(points, fps_start).feature)

    def embed_tokens(self, tokens: Tensor, centers: Tensor) -> Tensor:
        """Clouds already cut by ``point_tower.group`` and tokenized → unit embeddings (B, E)."""
        return self._project_point(self.point_tower(tokens, centers).feature)

    def _project_point(self, feature: Tensor) -> Tensor:
        return functional.normalize(feature @ self.point_projection, dim=-1)

    def logits(self, embedding: Tensor) -> Tensor:
        """Unit embeddings (B, E) → logits (B, C), in the precision of the classifier also under autocast.

        At CLIP's scale of 100 logits lie about 25, where bfloat16 has steps of 0.125: it would make ties of classes.
        """
        with torch.autocast(embedding.device.type, enabled=False):
            return self.logit_scale.exp() * embedding.to(self.classifier.dtype) @ self.classifier

    def masked_image(self, images: Tensor, mask: Tensor) -> MaskedPass:
        """Masked pass of the image tower: reconstruct hidden pixels, align hidden tokens.

        Args:
            images: (B, 3, H, W) normalized; mask: (B, P) bool over patches, row-major.
        """
        tower = self.image_tower
        features = tower(images, mask)
        embedding = functional.normalize(tower.project(features.feature), dim=-1)
        error = (tower.reconstruct(features.tokens) - images).abs().sum(1)  # (B, H, W)
        height, width = tower.grid_size
        hidden = (
            mask.view(-1, height, width).repeat_interleave(tower.patch_size, 1).repeat_interleave(tower.patch_size, 2)
        )
        return MaskedPass(
            embedding=embedding,
            absolute_error=of_hidden(error, hidden).sum(),
            hidden=hidden.sum(),
            hidden_tokens=mask.sum(),
            alignment=token_alignment(features.tokens, tower.projection, embedding, mask),
            channels=images.shape[1],
            tokens=1 + mask.shape[1],
        )

    def masked_point(
        self,
        tokens: Tensor,
        centers: Tensor,
        mask: Tensor,
        *,
        target: PointTarget = "token",
        anchor: PointAnchor = "embedding",
    ) -> MaskedPass:
        """Masked pass of the point tower: predict hidden group tokens, align hidden tokens.

        Args:
            tokens: (B, G, width) and centers: (B, G, 3), from ``point_tower``.
            mask: (B, G) bool over groups.
        """
        tower = self.point_tower
        features = tower(tokens, centers, mask)
        embedding = self._project_point(features.feature)
        predicted = tower.lm_head(features.tokens)
        if target == "token":
            error = of_hidden(predicted, mask) - of_hidden(tokens.detach(), mask)  # (masked tokens, width)
        elif tokens.device.type == "cpu":
            error = predicted[mask] - tower.mask_token[0].to(tokens)  # in this order it has always been summed
        else:
            error = of_hidden(predicted - tower.mask_token.to(tokens), mask)
        aligned_with = embedding
        if anchor == "class_token":
            class_token = features.feature[:, : tokens.shape[2]]
            aligned_with = functional.normalize(class_token @ self.point_token_projection, dim=-1)
        hidden = mask.sum()
        return MaskedPass(
            embedding=embedding,
            absolute_error=error.abs().sum(),
            hidden=hidden,
            hidden_tokens=hidden,
            alignment=token_alignment(features.tokens, self.point_token_projection, aligned_with, mask),
            channels=tokens.shape[2],
            tokens=1 + mask.shape[1],
        )
