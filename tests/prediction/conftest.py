"""A model to predict with."""

import pytest

from crossmost.models.checkpoint import Checkpoint
from crossmost.models.joint_checkpoint import preparation
from tests.mini_checkpoint import mini_checkpoint


@pytest.fixture(scope="session")
def model() -> Checkpoint:
    """The zero-shot model in the place of an adapted one, for objects of `TINY` runs."""
    return mini_checkpoint(preparation(64, 2048, 256), method="crossmost")
