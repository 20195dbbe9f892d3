"""Encoders assembled from public checkpoints: numbers of the original implementation, and refusals."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from crossmost.errors import CrossmostError, MissingInputError
from crossmost.models.backbones import backbone_config
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.checkpoints import backbone, fetch, read_checkpoint
from crossmost.models.checkpoints.assembly import assemble, load_starting_point, load_with_fresh_point_tower
from crossmost.models.checkpoints.backbone import read_backbone
from crossmost.models.checkpoints.content import CheckpointContent
from crossmost.models.checkpoints.settings import EncoderSettings
from crossmost.models.encoders import Encoders, mini_config
from crossmost.models.joint_checkpoint import joint_card, load_joint, save_joint
from crossmost.models.point_tower import PointTowerConfig
from crossmost.models.zeroshot_model import zeroshot_model
from tests.models.checkpoints.published import FILES, MANIFESTS, PARITY, tensors_of, training_checkpoint

TOLERANCE = 2e-5
NO_MINI = Checkpoint({}, {})


def _small_release() -> dict[str, Any]:
    """A released checkpoint made of the small models whose numbers are known."""
    generator = torch.Generator().manual_seed(0)
    point = load_file(PARITY / "A_point_small_state.safetensors")
    image = load_file(PARITY / "B_image_small_state.safetensors")
    model = {f"point_encoder.{key}": value for key, value in point.items()}
    model |= {f"visual.{key}": value for key, value in image.items()}
    for name, shape in (("image_projection", (64, 32)), ("pc_projection", (192, 32)), ("classifier", (32, 10))):
        model[name] = torch.randn(shape, generator=generator)
    return {"model_ema": model | {"logit_scale": torch.tensor(3.2)}, "epoch": "best"}


def _as_the_small_models(content: CheckpointContent) -> CheckpointContent:
    """Heads and grouping, which no weight tells, as the small models have them."""
    described = content.description
    assert isinstance(described.point_tower, PointTowerConfig)
    assert described.image_text is not None
    assert described.image_text.architecture is not None
    point_tower = replace(described.point_tower, heads=3, n_groups=16, group_size=8)
    architecture = described.image_text.architecture
    architecture = architecture | {"vision_cfg": architecture["vision_cfg"] | {"head_width": 16}}
    image_text = replace(described.image_text, architecture=architecture)
    return replace(content, description=replace(described, point_tower=point_tower, image_text=image_text))


@torch.no_grad()
def test_a_released_checkpoint_gives_the_original_numbers(tmp_path: Path) -> None:
    release = _small_release()
    torch.save(release, tmp_path / "release.pth")
    content = _as_the_small_models(read_checkpoint(tmp_path / "release.pth"))
    model = zeroshot_model(assemble(content, content), [f"class {number}" for number in range(10)], ["{}"])
    points, images = np.load(PARITY / "A_point_small_io.npz"), np.load(PARITY / "B_image_small_io.npz")
    weights = release["model_ema"]

    feature = torch.tensor(points["start0/eval/unmasked/features"])
    expected = functional.normalize(feature @ weights["pc_projection"], dim=-1)
    embedded = model.embed_point(torch.tensor(points["pts"]))
    torch.testing.assert_close(embedded, expected, atol=TOLERANCE, rtol=0)
    logits = np.exp(3.2) * expected @ weights["classifier"]
    torch.testing.assert_close(model.logits(embedded), logits, atol=2e-3, rtol=1e-4)

    feature = torch.tensor(images["unmasked/features"])
    expected = functional.normalize(feature @ weights["image_projection"], dim=-1)
    pictures = torch.tensor(images["images"])
    torch.testing.assert_close(model.embed_image(pictures), expected, atol=TOLERANCE, rtol=0)
    mask = torch.tensor(images["mask"]).flatten(1).bool()
    masked = model.image_tower(pictures, mask)
    torch.testing.assert_close(masked.tokens, torch.tensor(images["masked/x_patch"]), atol=1e-4, rtol=0)
    assert torch.equal(model.point_token_projection, weights["point_encoder.proj"])


def test_a_classifier_for_other_classes_is_refused(tmp_path: Path) -> None:
    torch.save(_small_release(), tmp_path / "release.pth")
    content = _as_the_small_models(read_checkpoint(tmp_path / "release.pth"))
    with pytest.raises(CrossmostError, match="has 10 classes, this collection 2"):
        zeroshot_model(assemble(content, content), ["chair", "table"], ["{}"])


@torch.no_grad()
def test_ulip_towers_equal_timm_and_the_published_projections(tmp_path: Path) -> None:
    torch.manual_seed(0)
    vit = timm.create_model("vit_base_patch16_224", num_classes=0).eval()
    _move_away_from_initialization(vit)
    state = {key.removeprefix("module."): value for key, value in tensors_of(MANIFESTS["ulip"]).items()}
    state |= {f"visual.{key}": value for key, value in vit.state_dict().items()}
    state["image_projection"] = torch.randn(768, 512)
    state["token_embedding.weight"] = torch.randn(49408, 512).half()  # stored in half precision here
    torch.save(training_checkpoint(state), tmp_path / "ulip.pt")
    start = load_starting_point(
        EncoderSettings(backbone="checkpoint", point_checkpoint=str(tmp_path / "ulip.pt")), NO_MINI
    )
    image = torch.rand(1, 3, 224, 224)
    expected = functional.normalize(vit(image) @ state["image_projection"], dim=-1)
    torch.testing.assert_close(start.encoders.encode_image(image), expected, atol=1e-5, rtol=0)
    assert start.encoders.image_mean == (0.485, 0.456, 0.406)
    assert start.encoders.encode_text(["a chair"]).shape == (1, 512)
    assert start.card["space"] == "slip/ViT-B-16"
    assert start.card["encoders"]["point_tower"]["n_groups"] == 512


def _move_away_from_initialization(module: nn.Module) -> None:
    for parameter in module.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.02)


@pytest.mark.parametrize(
    ("file", "backbone", "message"),
    [
        ("ulip", "openai/ViT-B-16", "slip/ViT-B-16, but .* openai/ViT-B-16.* set backbone: checkpoint"),
        ("uni3d", "laion2b_s39b_b160k/ViT-bigG-14", "aligned to the space laion2b_s9b_b144k/EVA02-E-14-plus"),
        ("openshape_demo_b32", "openai/ViT-B-16", "set backbone: openai/ViT-B-32"),
        ("ulip2", "checkpoint", "has no image and text towers; set backbone: laion2b_s39b_b160k/ViT-bigG-14"),
        ("crossmost_adapted", "openai/ViT-B-16", "adapted-by-cross-most"),
        ("dvae", "openai/ViT-B-16", "no point tower aligned to text; `kedro run --pipelines=alignment`"),
        ("masked_point_modeling", "openai/ViT-B-16", "no point tower aligned to text; `kedro run"),
        ("clip", "checkpoint", "no point tower aligned to text"),
    ],
)
def test_mixed_spaces_and_missing_parts_are_refused(file: str, backbone: str, message: str, tmp_path: Path) -> None:
    torch.save(FILES[file](), tmp_path / "point.pt")
    settings = EncoderSettings(backbone=backbone, point_checkpoint=str(tmp_path / "point.pt"))
    with pytest.raises(CrossmostError, match=message):
        load_starting_point(settings, NO_MINI)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"point_checkpoint": "x.pt"}, "backbone is `mini`"),
        ({"backbone": "openai/ViT-B-16"}, "has no point tower"),
        ({"backbone": "ViT-B-16"}, r"the form is PRETRAINED/ARCHITECTURE, e\.g\. openai/ViT-B-16, "),
        ({"backbone": "ViT-L-14", "point_checkpoint": "x.pt"}, r"PRETRAINED/ARCHITECTURE, e\.g\. openai/ViT-L-14, "),
        ({"backbone": "clip"}, r"PRETRAINED/ARCHITECTURE, e\.g\. openai/ViT-B-16, or hf-hub:OWNER/NAME"),
        ({"backbone": "checkpoint", "point_checkpoint": "absent.pt"}, "no file absent.pt"),
        ({"backbone": "checkpoint", "point_checkpoint": "hf://owner/repository"}, "write hf://OWNER/REPOSITORY/FILE"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings: dict[str, str], message: str) -> None:
    with pytest.raises(CrossmostError, match=message):
        load_starting_point(EncoderSettings(**settings), NO_MINI)


def test_the_default_is_the_mini_encoders() -> None:
    mini = Encoders(mini_config()).checkpoint({"license": "Apache-2.0"})
    start = load_starting_point(EncoderSettings(), mini)
    assert start.card == mini.card
    assert start.classifier is None


def _openshape_b32(tmp_path: Path) -> str:
    torch.save(FILES["openshape_demo_b32"](), tmp_path / "openshape.pt")
    return str(tmp_path / "openshape.pt")


def test_a_point_tower_and_a_local_backbone_file_serve_the_pipeline(tmp_path: Path) -> None:
    """OpenShape beside OpenAI's ViT-B-32 from a file: built, saved with its card and rebuilt from it."""
    shapes = {key: list(shape) for key, shape in MANIFESTS["clip_vit_b_16"].items()}
    shapes |= {"visual.positional_embedding": [50, 768], "visual.conv1.weight": [768, 3, 32, 32]}
    torch.save(tensors_of(shapes), tmp_path / "ViT-B-32.pt")
    settings = EncoderSettings(
        backbone="openai/ViT-B-32",
        backbone_file=str(tmp_path / "ViT-B-32.pt"),
        point_checkpoint=_openshape_b32(tmp_path),
    )
    start = load_starting_point(settings, NO_MINI)
    assert start.card["color"] is True
    assert start.encoders.config.backbone == "ViT-B-32-quickgelu"
    model = zeroshot_model(start, ["chair", "street_lamp"], ["a {}."])
    rebuilt = load_joint(save_joint(model, joint_card(start.card, ["chair", "street_lamp"], method="zeroshot")))
    assert rebuilt.point_tower.config == model.point_tower.config
    cloud, image = torch.rand(1, 300, 3), torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(rebuilt.embed_point(cloud), model.embed_point(cloud))
        torch.testing.assert_close(rebuilt.embed_image(image), model.embed_image(image))


def test_a_backbone_file_beside_whole_checkpoints_is_refused() -> None:
    settings = EncoderSettings(backbone="checkpoint", backbone_file="ViT-B-32.pt", point_checkpoint="ulip.pt")
    with pytest.raises(CrossmostError, match="set backbone_file to null"):
        load_starting_point(settings, NO_MINI)
    with pytest.raises(CrossmostError, match="set backbone_file to null"):
        load_with_fresh_point_tower(settings, NO_MINI, PointTowerConfig(), 0)


def test_unknown_backbones_name_the_allowed_ones() -> None:
    with pytest.raises(CrossmostError, match="tags of ViT-B-32: openai"):
        read_backbone("nonsense/ViT-B-32", None)
    with pytest.raises(CrossmostError, match="allowed: mini, checkpoint, PRETRAINED/ARCHITECTURE"):
        read_backbone("openai/nonsense", None)
    with pytest.raises(CrossmostError, match=r"the form is PRETRAINED/ARCHITECTURE, e\.g\. openai/ViT-B-32, "):
        read_backbone("ViT-B-32", None)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: fetch.locate("hf://owner/repository/file.pt"),
        lambda: fetch.fetch_hub_model("owner/name"),
        lambda: fetch.fetch_pretrained("ViT-B-16", "laion2b_s34b_b88k", {"hf_hub": "laion/x/"}),
    ],
)
def test_without_a_network_one_sentence_says_what_to_do(
    ask: Callable[[], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingInputError, match=r"neither in the cache nor can it be downloaded .* give its path"):
        ask()


def test_a_file_that_is_not_the_named_backbone_is_refused(tmp_path: Path) -> None:
    save_file(
        {"visual.proj": torch.zeros(2, 2), "token_embedding.weight": torch.zeros(2, 2)}, tmp_path / "x.safetensors"
    )
    with pytest.raises(CrossmostError, match=r"does not fit CLIP ViT-B-16: .* missing .* of the wrong shape"):
        read_backbone("laion2b_s34b_b88k/ViT-B-16", str(tmp_path / "x.safetensors"))


def test_adapted_checkpoints_keep_their_fresh_parts_reproducible(tmp_path: Path) -> None:
    torch.save(_small_release(), tmp_path / "release.pth")
    first, second = (
        assemble(content, content).encoders.state_dict()
        for content in (_as_the_small_models(read_checkpoint(tmp_path / "release.pth")) for _ in range(2))
    )
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_hub_addresses_are_repository_and_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    def download(repository: str, file: str) -> str:
        asked.append((repository, file))
        return str(tmp_path / "cached")

    monkeypatch.setattr(fetch, "hf_hub_download", download)
    assert fetch.locate("hf://OpenShape/openshape-pointbert-vitg14-rgb/sub/model.pt") == tmp_path / "cached"
    assert asked == [("OpenShape/openshape-pointbert-vitg14-rgb", "sub/model.pt")]


def test_a_hub_model_keeps_its_normalization_and_gets_the_space_of_its_tag(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    torch.save(FILES["clip"](), tmp_path / "open_clip_pytorch_model.bin")
    config = {
        "model_cfg": backbone_config("ViT-B-16"),
        "preprocess_cfg": {"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]},
    }
    monkeypatch.setattr(
        backbone, "fetch_hub_model", lambda model_id: (config, tmp_path / "open_clip_pytorch_model.bin")
    )
    described = backbone.read_backbone("hf-hub:laion/CLIP-ViT-B-16-laion2B-s34B-b88K", None).description
    assert described.space == "laion2b_s34b_b88k/ViT-B-16"
    assert described.image_text is not None
    assert described.image_text.image_mean == (0.1, 0.2, 0.3)
    assert backbone.read_backbone("hf-hub:someone/else", None).description.space == "hf-hub:someone/else"
    with pytest.raises(CrossmostError, match="names its own files"):
        backbone.read_backbone("hf-hub:someone/else", "file.bin")
