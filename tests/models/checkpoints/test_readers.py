"""Every public family: detected by its keys, described, and strict about every key."""

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from crossmost.errors import CrossmostError, MissingInputError
from crossmost.models.checkpoints import READERS, read_checkpoint
from crossmost.models.checkpoints.file import open_checkpoint
from crossmost.models.openshape_tower import OpenShapeConfig
from crossmost.models.point_tower import PointTowerConfig
from crossmost.models.uni3d_tower import Uni3DConfig
from tests.models.checkpoints.published import FILES, PARITY, clip_weights, crossmost_adapted, state_in, uni3d

FAMILY_OF = {
    "ulip": "ulip",
    "ulip2": "ulip2",
    "crossmost_pretrained": "crossmost",
    "crossmost_adapted": "crossmost",
    "openshape": "openshape",
    "openshape_demo_l14": "openshape",
    "openshape_demo_b32": "openshape",
    "uni3d": "uni3d",
    "dvae": "dvae",
    "masked_point_modeling": "masked_point_modeling",
    "clip": "clip",
}
SPACE_OF = {
    "ulip": ("slip/ViT-B-16", 512),
    "ulip2": ("laion2b_s39b_b160k/ViT-bigG-14", 1280),
    "crossmost_pretrained": ("openai/ViT-B-16", 512),
    "crossmost_adapted": ("adapted-by-cross-most/ViT-B-16", 512),
    "openshape": ("laion2b_s39b_b160k/ViT-bigG-14", 1280),
    "openshape_demo_l14": ("openai/ViT-L-14", 768),
    "openshape_demo_b32": ("openai/ViT-B-32", 512),
    "uni3d": ("laion2b_s9b_b144k/EVA02-E-14-plus", 1024),
    "dvae": (None, None),
    "masked_point_modeling": (None, None),
    "clip": (None, 512),
}


def _save(content: Any, folder: Path) -> Path:
    path = folder / "checkpoint.pt"
    torch.save(content, path)
    return path


@pytest.mark.parametrize("name", FILES)
def test_each_published_layout_is_read_by_its_family_alone(name: str, tmp_path: Path) -> None:
    path = _save(FILES[name](), tmp_path)
    file = open_checkpoint(path)
    assert [family for family, reader in READERS.items() if reader.matches(file)] == [FAMILY_OF[name]]
    description = read_checkpoint(path).description
    assert (description.space, description.embed_dim) == SPACE_OF[name]


@pytest.mark.parametrize("name", FILES)
def test_every_key_is_used_or_left_with_a_reason(name: str, tmp_path: Path) -> None:
    content = read_checkpoint(_save(FILES[name](), tmp_path))
    used = sum(len(part) for part in (content.image, content.text, content.point))
    single = (content.point_token_projection, content.logit_scale, content.classifier)
    used += sum(tensor is not None for tensor in single)
    has_bias = not isinstance(content.description.point_tower, PointTowerConfig | None)
    if content.point_projection is not None and name != "openshape_demo_b32":  # which has no projection in the file
        used += 2 if has_bias else 1
    left = sum(unused.count for unused in content.description.unused if not unused.reason.startswith("`model`"))
    assert used + left == len(state_in(FILES[name]()))


def test_sizes_color_axes_and_points_of_each_family(tmp_path: Path) -> None:
    towers = {name: read_checkpoint(_save(FILES[name](), tmp_path)).description.point_tower for name in FILES}
    assert towers["ulip"] == PointTowerConfig(n_groups=512, group_size=32)
    assert towers["ulip2"] == PointTowerConfig(layers=18, in_channels=6, n_groups=512, group_size=32)
    assert towers["crossmost_adapted"] == PointTowerConfig(n_groups=64, group_size=32)
    assert towers["openshape"] == OpenShapeConfig()
    demo = OpenShapeConfig(mlp_width=1024, encoder_dims=128, n_groups=64, radius=0.4, group_size=256, up_axis="y")
    assert towers["openshape_demo_l14"] == towers["openshape_demo_b32"] == demo
    assert towers["uni3d"] == Uni3DConfig(transformer="eva02_base_patch14_448", width=768)
    assert towers["dvae"] is None
    assert towers["masked_point_modeling"] == PointTowerConfig(n_groups=64, group_size=32)
    assert towers["clip"] is None


@pytest.mark.parametrize(
    ("transformer", "width"),
    [("eva02_tiny_patch14_224", 192), ("eva02_large_patch14_448", 1024), ("eva_giant_patch14_560", 1408)],
)
def test_all_sizes_of_uni3d(transformer: str, width: int, tmp_path: Path) -> None:
    description = read_checkpoint(_save(uni3d(transformer, width), tmp_path)).description
    assert isinstance(description.point_tower, Uni3DConfig)
    assert description.point_tower.transformer == transformer
    [unused] = description.unused
    assert "images" in unused.reason


def test_the_teacher_of_a_released_checkpoint_is_used(tmp_path: Path) -> None:
    content = crossmost_adapted()
    content["model"] = {key: value.clone() + 1 for key, value in content["model"].items() if value.dim() < 2}
    read = read_checkpoint(_save(content, tmp_path))
    assert read.description.n_classes == 40
    assert read.description.notes == ("the classifier's class names are not in the file",)
    assert float(read.point["norm.weight"][0]) == pytest.approx(0.01)
    assert [unused.reason for unused in read.description.unused] == ["`model` is the student; its teacher is used"]


@pytest.mark.parametrize("name", FILES)
def test_missing_keys_are_named(name: str, tmp_path: Path) -> None:
    content = FILES[name]()
    state = state_in(content)
    # A key that no size is read from and that nobody may lack: some bias in the middle.
    gone = [key for key in state if key.endswith("bias") and "head" not in key and "decoder" not in key][3]
    del state[gone]
    with pytest.raises(CrossmostError, match="1 missing") as caught:
        read_checkpoint(_save(content, tmp_path))
    assert gone.removeprefix("module.") in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_unknown_keys_are_named_and_not_dropped(name: str, tmp_path: Path) -> None:
    content = FILES[name]()
    state = state_in(content)
    first = next(iter(state))
    prefix = "module." if first.startswith("module.") else ""
    prefix += "pc_encoder." if "demo" in name else ""
    state |= {f"{prefix}surprise.{number}": torch.zeros(1) for number in range(7)}
    with pytest.raises(CrossmostError, match=r"7 unknown \(.*surprise\.0.*, …\)"):
        read_checkpoint(_save(content, tmp_path))


@pytest.mark.parametrize("name", FILES)
def test_wrong_shapes_are_named_with_both_shapes(name: str, tmp_path: Path) -> None:
    content = FILES[name]()
    state = state_in(content)
    key = [key for key in state if key.endswith("bias") and "head" not in key and "decoder" not in key][3]
    state[key] = torch.zeros(7)
    with pytest.raises(CrossmostError, match=r"1 of the wrong shape \(.* is \[7\], expected \["):
        read_checkpoint(_save(content, tmp_path))


def test_other_point_towers_of_ulip_are_refused_by_name(tmp_path: Path) -> None:
    content = FILES["ulip"]()
    content["state_dict"] = {
        key.replace("blocks.blocks", "stages"): value for key, value in content["state_dict"].items()
    }
    with pytest.raises(CrossmostError, match="PointMLP"):
        read_checkpoint(_save(content, tmp_path))


def test_files_of_no_family_are_refused_with_what_is_in_them(tmp_path: Path) -> None:
    with pytest.raises(CrossmostError, match=r"no known family: it has 1 tensors, the first are fc\.weight"):
        read_checkpoint(_save({"fc.weight": torch.zeros(2, 2)}, tmp_path))
    with pytest.raises(CrossmostError, match="no state dict"):
        read_checkpoint(_save({"epoch": 1}, tmp_path))
    with pytest.raises(MissingInputError, match="no checkpoint at"):
        read_checkpoint(tmp_path / "absent.pt")
    for text in ("not found", "access denied\n", "."):
        (tmp_path / "text.pt").write_text(text)
        with pytest.raises(CrossmostError, match=r"text\.pt"):
            read_checkpoint(tmp_path / "text.pt")
    for start, said in (
        (b"\n<!DOCTYPE html><html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "git lfs pull"),
        (b"", "is empty"),
    ):
        (tmp_path / "download.pt").write_bytes(start)
        with pytest.raises(CrossmostError, match=said):
            read_checkpoint(tmp_path / "download.pt")
    path = _save(FILES["ulip2"](), tmp_path)
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(CrossmostError, match="download complete"):
        read_checkpoint(path)


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch exploded",)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_bomb_is_refused_and_does_not_go_off(
    zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(FILES["ulip"]() | {"args": _Bomb()}, "bomb.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(CrossmostError, match="could run code"):
        read_checkpoint(Path("bomb.pt"))
    assert not Path("exploded").exists()


def test_arguments_and_numpy_numbers_beside_the_weights_are_harmless(tmp_path: Path) -> None:
    content = FILES["ulip2"]() | {"best_acc1": np.float64(60.4), "args": argparse.Namespace(nested=[1, "a"])}
    assert read_checkpoint(_save(content, tmp_path)).description.embed_dim == 1280


def test_the_container_of_the_original_save_routine_opens() -> None:
    file = open_checkpoint(PARITY / "G_checkpoint_layout.pth")
    assert set(file.states) >= {"model", "model_ema"}
    assert set(file.other_entries) >= {"optimizer", "epoch", "args"}


def test_safetensors_files_are_read_too(tmp_path: Path) -> None:
    kept = {key: value for key, value in clip_weights().items() if "resblocks" not in key or ".0." in key}
    kept["token_embedding.weight"] = kept["token_embedding.weight"][:8]
    small = {key: value.contiguous() for key, value in kept.items()}
    save_file(small, tmp_path / "model.safetensors")
    description = read_checkpoint(tmp_path / "model.safetensors").description
    assert description.image_text is not None
    assert description.image_text.architecture is not None
    assert description.image_text.architecture["vision_cfg"]["layers"] == 1
    (tmp_path / "model.safetensors").write_bytes(b"junk")
    with pytest.raises(CrossmostError, match="damaged"):
        read_checkpoint(tmp_path / "model.safetensors")
