"""Masked pass around an open_clip Vision Transformer (MUST, Li et al. 2022, §3.2).

The backbone stays open_clip's own module with its own parameter names; this file adds the mask token, the patch
norm and the pixel decoder that self-training needs.
"""

from dataclasses import dataclass

import torch
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn

from crossmost.geometry.grouping import gather_points

FRESH_IMAGE_PARTS = ("mask_token_embedding", "ln_patch.", "decoder.")
"""Prefixes of what self-training needs and published checkpoints need not have."""


@dataclass(frozen=True)
class ImageFeatures:
    """What one pass of the image tower gives.

    Attributes:
        feature: (B, width) class token after ``ln_post``.
        tokens: (B, P, width) patch tokens after ``ln_patch``.
    """

    feature: Tensor
    tokens: Tensor


class ImageTower(nn.Module):
    """An open_clip ViT with a masked pass.

    Args:
        visual: the ``visual`` module of an open_clip model; must be a `VisionTransformer` that pools its class token.

    Raises:
        ValueError: for other architectures, whose tokens cannot be masked.
    """

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        if not isinstance(visual, VisionTransformer) or visual.attn_pool is not None or visual.pool_type != "tok":
            raise ValueError(
                f"the image tower must be an open_clip VisionTransformer that pools the class token, got "
                f"{type(visual).__name__}; choose a ViT tag such as ViT-B-16"
            )
        self.visual = visual
        self._add_masking_parts(visual.ln_post.normalized_shape[0], visual.patch_size[0], visual.grid_size)

    def _add_masking_parts(self, width: int, patch_size: int, grid_size: tuple[int, int]) -> None:
        self.patch_size, self.grid_size = patch_size, grid_size
        self.mask_token_embedding = nn.Parameter(torch.zeros(1, 1, width))
        self.ln_patch = nn.LayerNorm(width)
        self.decoder = nn.Sequential(nn.Conv2d(width, 3 * self.patch_size**2, 1), nn.PixelShuffle(self.patch_size))
        nn.init.trunc_normal_(self.mask_token_embedding, std=0.02)

    def set_gradient_checkpointing(self, enabled: bool) -> None:
        """Whether blocks are computed again in the backward pass in place of being remembered (Chen et al., 2016)."""
        self.visual.set_grad_checkpointing(enabled)

    @property
    def depth(self) -> int:
        """Number of transformer blocks."""
        return len(self.visual.transformer.resblocks)

    @property
    def compilable(self) -> tuple[nn.Module, ...]:
        """What `compiled_blocks` compiles."""
        return tuple(self.visual.transformer.resblocks)

    @property
    def projection(self) -> Tensor:
        """(width, E) matrix from features to the shared embedding space."""
        return self.visual.proj

    def project(self, feature: Tensor) -> Tensor:
        """Features (…, width) → the shared embedding space (…, E), not normalized."""
        return feature @ self.projection

    def forward(self, images: Tensor, mask: Tensor | None = None, keep: Tensor | None = None) -> ImageFeatures:
        """Features of normalized images.

        Args:
            images: (B, 3, H, W).
            mask: (B, P) bool, row-major; patches that are replaced by the mask token.
            keep: (B, P') int64, indices of the patches that enter the transformer (token dropping, which makes
                pre-training cheaper); all when None.
        """
        tokens = self.visual.conv1(images).flatten(2).transpose(1, 2)  # (B, P, D)
        if mask is not None:
            tokens = torch.where(mask.unsqueeze(-1), self.mask_token_embedding.to(tokens), tokens)
        cls = self.visual.class_embedding.to(tokens).expand(tokens.shape[0], 1, -1)
        x = torch.cat([cls, tokens], dim=1) + self.visual.positional_embedding.to(tokens)
        if keep is not None:
            x = torch.cat([x[:, :1], gather_points(x[:, 1:], keep)], dim=1)
        x = self.visual.transformer(self.visual.ln_pre(x))
        return ImageFeatures(feature=self.visual.ln_post(x[:, 0]), tokens=self.ln_patch(x[:, 1:]))

    def reconstruct(self, tokens: Tensor) -> Tensor:
        """Patch tokens (B, P, width) → images (B, 3, H, W) in normalized pixels."""
        height, width = self.grid_size
        return self.decoder(tokens.transpose(1, 2).unflatten(2, (height, width)))
