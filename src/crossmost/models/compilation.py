"""Transformer blocks as `torch.compile` makes them."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from crossmost.models.joint import JointModel


@contextmanager
def compiled_blocks(*models: JointModel, enabled: bool) -> Iterator[None]:
    """Inside, the blocks of both towers (``compilable``) run as compiled programs; nothing else changes if not enabled.

    They are compiled one by one, not a tower at once: blocks that are alike share a program, so that compiling takes
    seconds, and modules keep their names in state dicts. Each use (student or teacher, each batch size) has its own
    program, made when it first runs; so has each rate of stochastic depth. After eight programs of one kind of block
    others run uncompiled. Do not copy a model inside: the copy's blocks would run with the weights of the original.

    Raises:
        torch._dynamo.exc.BackendCompilerFailed: inside, if there is no C++ compiler.
    """
    parts = [part for model in models for part in (*model.image_tower.compilable, *model.point_tower.compilable)]
    compiled = parts if enabled else []
    for part in compiled:
        # Not `part.compile()`, which cannot be undone, and whose programs of all kinds of modules share one limit.
        part.forward = torch.compile(part.forward, dynamic=False)
    try:
        yield
    finally:
        for part in compiled:
            del part.forward
