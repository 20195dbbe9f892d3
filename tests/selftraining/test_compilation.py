"""Compiled blocks: the same run up to rounding, one program for each use of a kind of block, no trace afterwards."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from crossmost.models.compilation import compiled_blocks
from tests.selftraining.small_run import quick_settings, random_model, small_run


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> list[torch.fx.GraphModule]:
    """The programs that are made; they are traced, but run by PyTorch itself, which needs no C++ compiler."""
    made: list[torch.fx.GraphModule] = []

    def backend(program: torch.fx.GraphModule, inputs: Sequence[Tensor]) -> Callable[..., object]:
        made.append(program)
        return program.forward

    torch.compiler.reset()
    monkeypatch.setattr("crossmost.models.compilation.torch.compile", partial(torch.compile, backend=backend))
    return made


def test_a_compiled_run_is_the_same_run(programs: list[torch.fx.GraphModule]) -> None:
    settings = quick_settings().model_copy(update={"accumulate": 2})
    engine = settings.engine.model_copy(update={"precision": "32-true"})
    (_, plain), (student, compiled) = (
        small_run(settings.model_copy(update={"engine": engine.model_copy(update={"compile": on})}), count=16)
        for on in (False, True)
    )
    assert len(programs) == 6, "image block, point block and mini-PointNet, of student and teacher each"
    np.testing.assert_allclose(compiled.log["loss"], plain.log["loss"], rtol=1e-4)
    assert compiled.teacher.keys() == plain.teacher.keys() == random_model().state_dict().keys()
    for name, value in plain.teacher.items():
        torch.testing.assert_close(compiled.teacher[name], value, rtol=1e-3, atol=1e-5, msg=name)
    assert not any("forward" in vars(module) for module in student.modules()), "scoring compiles nothing"


def test_blocks_are_as_before_when_training_fails(programs: list[torch.fx.GraphModule]) -> None:
    model = random_model()
    with pytest.raises(ZeroDivisionError), compiled_blocks(model, enabled=True):
        assert sum("forward" in vars(module) for module in model.modules()) > 3
        raise ZeroDivisionError
    assert not any("forward" in vars(module) for module in model.modules())
    assert not programs
