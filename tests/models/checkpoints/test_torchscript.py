"""TorchScript archives are read without executing them."""

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crossmost.errors import CrossmostError
from crossmost.models.checkpoints import read_checkpoint
from crossmost.models.checkpoints.torchscript import read_torchscript
from tests.models.checkpoints.published import MANIFESTS


class _Part(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width))
        self.scale = nn.Parameter(torch.randn(width, 3).t())  # not contiguous
        self.register_buffer("steps", torch.tensor(7))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x) * self.scale[0]


class _Whole(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.short = nn.Parameter(torch.randn(4).half())
        self.part = _Part(4)
        self.tied = self.part.layers[0]

    def forward(self, x: Tensor) -> Tensor:
        return self.part(x) + self.tied(x)


def _archive(path: Path) -> dict[str, Tensor]:
    model = _Whole().eval()
    torch.jit.save(torch.jit.trace(model, torch.rand(2, 4)), str(path))
    return model.state_dict()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensors_equal_the_state_dict(tmp_path: Path) -> None:
    expected = _archive(tmp_path / "model.pt")
    found = read_torchscript(tmp_path / "model.pt")
    assert set(found) >= set(expected)
    for key, value in expected.items():
        assert found[key].dtype == value.dtype
        assert torch.equal(found[key], value), key


def _replace_pickle(path: Path, content: bytes) -> None:
    """The same archive with another ``data.pkl``."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, old in members.items():
            archive.writestr(name, content if name.endswith("/data.pkl") else old)


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch exploded",)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_bomb_in_the_archive_does_not_go_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _archive(Path("model.pt"))
    _replace_pickle(Path("model.pt"), pickle.dumps(_Bomb()))
    with pytest.raises(CrossmostError, match=r"system is not allowed.*nothing in it was executed"):
        read_checkpoint(Path("model.pt"))
    assert not Path("exploded").exists()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    _archive(path)
    _replace_pickle(path, b"junk")
    with pytest.raises(CrossmostError, match="no TorchScript archive"):
        read_torchscript(path)
    _replace_pickle(path, pickle.dumps([1, 2]))
    with pytest.raises(CrossmostError, match="holds a list"):
        read_torchscript(path)


class _Clip(nn.Module):
    """A module tree with exactly the given tensors."""

    def __init__(self, shapes: dict[str, list[int]]) -> None:
        super().__init__()
        for name, shape in shapes.items():
            *path, last = name.split(".")
            owner: nn.Module = self
            for part in path:
                if part not in owner._modules:
                    owner.add_module(part, nn.Module())
                owner = owner.get_submodule(part)
            owner.register_buffer(last, torch.zeros(shape, dtype=torch.float16 if shape else torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        return x


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_archive_with_openais_keys_is_recognized(tmp_path: Path) -> None:
    manifest = MANIFESTS["clip_vit_b_16"]
    shapes = {key: shape for key, shape in manifest.items() if key != "token_embedding.weight"}
    shapes |= {"token_embedding.weight": [16, 512], "input_resolution": [], "context_length": [], "vocab_size": []}
    torch.jit.save(torch.jit.trace(_Clip(shapes), torch.rand(1)), str(tmp_path / "ViT-B-16.pt"))
    description = read_checkpoint(tmp_path / "ViT-B-16.pt").description
    assert description.space == "openai/ViT-B-16"
    assert description.image_text is not None
    assert description.image_text.backbone == "ViT-B-16-quickgelu"
    [unused] = description.unused
    assert unused.count == 3
