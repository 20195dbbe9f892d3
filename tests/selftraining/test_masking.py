"""Masks hide what they should."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossmost.selftraining.masking import image_block_mask, point_region_mask


@given(st.integers(0, 2**31))
def test_published_image_mask_hides_15_of_49_blocks(seed: int) -> None:
    mask = image_block_mask(3, (14, 14), 2, 0.3, torch.Generator().manual_seed(seed)).view(3, 7, 2, 7, 2)
    blocks = mask.permute(0, 1, 3, 2, 4).flatten(3)
    assert bool((blocks.all(-1) == blocks.any(-1)).all()), "a block is hidden whole or not at all"
    assert blocks.all(-1).flatten(1).sum(1).tolist() == [15, 15, 15]


def test_blocks_of_pictures_that_are_not_square_are_whole_and_differ() -> None:
    mask = image_block_mask(8, (4, 10), 2, 0.5, torch.Generator().manual_seed(0)).view(8, 2, 2, 5, 2)
    blocks = mask.permute(0, 1, 3, 2, 4).flatten(3)
    assert bool((blocks.all(-1) == blocks.any(-1)).all())
    assert len(blocks.any(-1).flatten(1).unique(dim=0)) > 4


def test_grid_that_blocks_do_not_tile_is_refused() -> None:
    with pytest.raises(ValueError, match="blocks of 2×2"):
        image_block_mask(1, (7, 8), 2, 0.3, torch.Generator())
    with pytest.raises(ValueError, match="8×7 patch grid"):
        image_block_mask(1, (8, 7), 2, 0.3, torch.Generator())


@given(st.integers(0, 2**31), st.integers(1, 64))
def test_point_mask_hides_the_groups_nearest_to_its_anchor(seed: int, size: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    centers = torch.rand(4, 64, 3, generator=generator)
    anchors = torch.randint(64, (4,), generator=generator)
    mask = point_region_mask(centers, anchors, torch.full((4,), size))
    for cloud, anchor, hidden in zip(centers, anchors, mask, strict=True):
        distances = (cloud - cloud[anchor]).norm(dim=-1)
        assert int(hidden.sum()) == size
        assert bool(hidden[anchor])
        assert float(distances[hidden].max()) <= float(distances[~hidden].min() if size < 64 else torch.inf)
