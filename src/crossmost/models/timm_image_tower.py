"""Masked pass around a timm Vision Transformer inside open_clip (EVA-02 CLIP; the SLIP ViT of ULIP)."""

from functools import partial
from typing import cast

import torch
from open_clip.timm_model import TimmModel
from timm.models.eva import Eva
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from crossmost.models.image_tower import ImageFeatures, ImageTower


class TimmImageTower(ImageTower):
    """As `ImageTower`, for ``visual`` modules that open_clip builds from timm; their parameter names stay timm's.

    Args:
        visual: a `TimmModel` whose trunk is a ViT with a class token, pooled by that token.

    Raises:
        ValueError: for other trunks.
    """

    def __init__(self, visual: TimmModel) -> None:
        nn.Module.__init__(self)
        trunk = visual.trunk
        fits = isinstance(trunk, VisionTransformer | Eva) and trunk.global_pool == "token"
        if not fits or trunk.cls_token is None or trunk.num_prefix_tokens != 1 or trunk.attn_pool is not None:
            raise ValueError(
                f"the image tower must be a ViT that pools one class token, got timm's {type(trunk).__name__} with "
                f"pooling {getattr(trunk, 'global_pool', None)!r}; choose a ViT tag such as ViT-B-16"
            )
        self.visual = visual
        patch_size, grid_size = trunk.patch_embed.patch_size, trunk.patch_embed.grid_size
        self._add_masking_parts(trunk.embed_dim, patch_size[0], (grid_size[0], grid_size[1]))

    @property
    def depth(self) -> int:
        """Number of transformer blocks."""
        return len(self.visual.trunk.blocks)

    @property
    def compilable(self) -> tuple[nn.Module, ...]:
        """What `compiled_blocks` compiles."""
        return tuple(self.visual.trunk.blocks)

    @property
    def _projection_layer(self) -> nn.Linear:
        """The layer into the shared space: open_clip's own, or the trunk's head."""
        return cast(nn.Linear, self.visual.head.proj if len(self.visual.head) else self.visual.trunk.head)

    @property
    def projection(self) -> Tensor:
        """(width, E) matrix from features to the shared embedding space, without the bias."""
        return self._projection_layer.weight.T

    def project(self, feature: Tensor) -> Tensor:
        """Features (…, width) → the shared embedding space (…, E), not normalized."""
        return self._projection_layer(feature)

    def forward(self, images: Tensor, mask: Tensor | None = None, keep: Tensor | None = None) -> ImageFeatures:
        """Features of normalized images; arguments as in `ImageTower`.

        Raises:
            ValueError: for ``keep``, since rotary positions belong to fixed places.
        """
        if keep is not None:
            raise ValueError("this image tower cannot drop tokens; set patch_keep to 1")
        trunk = self.visual.trunk
        tokens = trunk.patch_embed(images)  # (B, P, D)
        if mask is not None:
            tokens = torch.where(mask.unsqueeze(-1), self.mask_token_embedding.to(tokens), tokens)
        rope = None
        if isinstance(trunk, Eva):
            x, rope = trunk._pos_embed(tokens)
        else:
            x = trunk._pos_embed(tokens)
        x = trunk.norm_pre(x)
        for block in trunk.blocks:
            run = block if rope is None else partial(block, rope=rope)
            recompute = trunk.grad_checkpointing and torch.is_grad_enabled()
            x = checkpoint(run, x, use_reentrant=False) if recompute else run(x)
        x = trunk.norm(x)
        return ImageFeatures(feature=trunk.fc_norm(x[:, 0]), tokens=self.ln_patch(x[:, 1:]))
