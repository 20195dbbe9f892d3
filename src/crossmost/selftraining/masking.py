"""Random masks of image patches and point groups."""

import torch
from torch import Tensor


def image_block_mask(batch: int, grid: tuple[int, int], block: int, ratio: float, generator: torch.Generator) -> Tensor:
    """(B, rows·columns) bool; whole blocks of ``block``×``block`` patches are hidden, ⌈ratio·blocks⌉ in every image.

    Raises:
        ValueError: if the grid is not a multiple of the block.
    """
    rows, columns = grid
    if rows % block or columns % block:
        raise ValueError(f"a {rows}×{columns} patch grid cannot be cut into blocks of {block}×{block}")
    blocks = (rows // block) * (columns // block)
    hidden = -int(-ratio * blocks // 1)
    order = torch.rand(batch, blocks, generator=generator).argsort(1).argsort(1)
    mask = (order < hidden).view(batch, rows // block, columns // block)
    return mask.repeat_interleave(block, 1).repeat_interleave(block, 2).flatten(1)


def point_region_mask(centers: Tensor, anchor: Tensor, size: Tensor) -> Tensor:
    """(B, G) bool; hides an anchor group and the groups nearest to it.

    Args:
        centers: (B, G, 3) group centers.
        anchor: (B,) int64, group at the middle of the hidden region.
        size: (B,) int64, how many groups it hides, the anchor included.
    """
    middle = centers[torch.arange(len(centers), device=centers.device), anchor].unsqueeze(1)
    distance = (centers - middle).norm(dim=-1)  # (B, G)
    return distance.argsort(1).argsort(1) < size.unsqueeze(1)
