"""The joint model that self-training adapts: both towers, their projections and one shared classifier."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from crossmost.models.encoders import Encoders


@dataclass(frozen=True)
class MaskedPass:
    """Values of one masked pass of one tower.

    Attributes:
        embedding: (B, E) unit embedding of the class token (images) or pooled feature (points).
        modeling_loss: scalar, masked-modeling error.
        alignment_loss: scalar, mean squared distance of masked tokens to the embedding.
    """

    embedding: Tensor
    modeling_loss: Tensor
    alignment_loss: Tensor


def token_alignment(tokens: Tensor, projection: Tensor, embedding: Tensor, mask: Tensor) -> Tensor:
    """Global–local alignment: mean over masked tokens of ‖normalize(token·projection) − embedding‖².

    Args:
        tokens: (B, L, D); projection: (D, E); embedding: (B, E) of unit length; mask: (B, L) bool.
    """
    local = functional.normalize(tokens @ projection, dim=-1)
    squared_distance = (local - embedding.unsqueeze(1)).square().sum(-1)  # (B, L)
    return squared_distance[mask].mean()


class JointModel(nn.Module):
    """Image and point towers with a classifier (E, C) that both modalities share (Cross-MoST, §3).

    Args:
        encoders: aligned towers; the joint model takes over its modules.
        classifier: (E, C) initial classifier, from `text_classifier`.
    """

    def __init__(self, encoders: Encoders, classifier: Tensor) -> None:
        super().__init__()
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
        """As `nn.Module.train`, but BatchNorm keeps its pre-training statistics: adaptation sets are small."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

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
        """Unit embeddings (B, E) → logits (B, C)."""
        return self.logit_scale.exp() * embedding @ self.classifier

    def masked_image(self, images: Tensor, mask: Tensor) -> MaskedPass:
        """Masked pass of the image tower: reconstruct hidden pixels (L1), align hidden tokens.

        Args:
            images: (B, 3, H, W) normalized; mask: (B, P) bool over patches, row-major.
        """
        tower = self.image_tower
        features = tower(images, mask)
        embedding = functional.normalize(tower.project(features.feature), dim=-1)
        error = (tower.reconstruct(features.tokens) - images).abs().mean(1)  # (B, H, W), mean over the 3 channels
        height, width = tower.grid_size
        hidden = (
            mask.view(-1, height, width).repeat_interleave(tower.patch_size, 1).repeat_interleave(tower.patch_size, 2)
        )
        return MaskedPass(
            embedding=embedding,
            modeling_loss=error[hidden].mean(),
            alignment_loss=token_alignment(features.tokens, tower.projection, embedding, mask),
        )

    def masked_point(self, tokens: Tensor, centers: Tensor, mask: Tensor) -> MaskedPass:
        """Masked pass of the point tower: predict hidden group tokens (L1 to the unmasked tokens), align hidden tokens.

        Args:
            tokens: (B, G, width) and centers: (B, G, 3), from ``point_tower``.
            mask: (B, G) bool over groups.
        """
        features = self.point_tower(tokens, centers, mask)
        embedding = self._project_point(features.feature)
        predicted = self.point_tower.lm_head(features.tokens)[mask]  # (masked tokens, D)
        return MaskedPass(
            embedding=embedding,
            modeling_loss=(predicted - tokens.detach()[mask]).abs().mean(),
            alignment_loss=token_alignment(features.tokens, self.point_token_projection, embedding, mask),
        )
