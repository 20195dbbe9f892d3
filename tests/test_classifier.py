"""The classifier for Python programs: same answers as the pipelines, whatever form clouds and pictures come in."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from crossmost.classifier import Classifier
from crossmost.errors import CrossmostError, MissingInputError, UnreadableObjectError
from crossmost.geometry import sample_surface
from crossmost.kedro_datasets import CheckpointDataset
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.joint_checkpoint import preparation, with_fusion, with_pose
from crossmost.models.joint_prediction import fit_fusion, joint_prediction
from crossmost.pose import PoseCorrection
from crossmost.sources.shapes.generator import generate_shape
from tests.docs.pages import blocks_of
from tests.mini_checkpoint import CLASSES, mini_checkpoint
from tests.tiny_run import PROJECT


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return mini_checkpoint(preparation(96, 1024, 1024))


@pytest.fixture(scope="module")
def classifier(checkpoint: Checkpoint) -> Classifier:
    return Classifier(checkpoint, batch_size=4)


def surface(name: str, number: int) -> np.ndarray:
    return sample_surface(generate_shape(name, 7_000 + number).mesh, 1500, np.random.default_rng(number))


def picture(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, shape, dtype=np.uint8)


def test_it_names_procedural_clouds(classifier: Classifier) -> None:
    clouds = [surface(name, number) for name in CLASSES for number in range(3)]
    probabilities = classifier.classify_clouds(clouds)
    assert probabilities.shape == (18, 6) and probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    named = [classifier.class_names[row] for row in probabilities.argmax(axis=1)]
    assert np.mean([one == name for one, name in zip(named, np.repeat(CLASSES, 3), strict=True)]) > 0.8


def test_unit_place_batch_and_format_do_not_matter(
    checkpoint: Checkpoint, classifier: Classifier, tmp_path: Path
) -> None:
    clouds = [surface("chair", 0), surface("lamp", 1), surface("bed", 2)]
    expected = classifier.classify_clouds(clouds)
    np.testing.assert_array_equal(classifier.classify_clouds(clouds), expected)
    moved = [1000 * cloud.astype(np.float64) + [5e5, -3e6, 10] for cloud in clouds]
    np.testing.assert_allclose(classifier.classify_clouds(moved), expected, atol=1e-3)
    one_by_one = Classifier(checkpoint, batch_size=1).classify_clouds(iter(clouds))
    np.testing.assert_allclose(one_by_one, expected, atol=1e-5)
    np.save(tmp_path / "a.npy", clouds[0])
    np.savetxt(tmp_path / "b.xyz", np.hstack([clouds[1], picture(0, 1500, 3)]), fmt="%.9g")
    from_files = classifier.classify_clouds([tmp_path / "a.npy", str(tmp_path / "b.xyz")])
    np.testing.assert_allclose(from_files, expected[:2], atol=1e-4)


def test_turned_clouds_are_turned_back(checkpoint: Checkpoint, classifier: Classifier) -> None:
    clouds = [surface("chair", 3), surface("lamp", 4)]
    expected = classifier.classify_clouds(clouds)
    lying = [np.stack([cloud[:, 0], -cloud[:, 2], cloud[:, 1]], axis=1) for cloud in clouds]  # z is up, −y the front
    assert np.abs(classifier.classify_clouds(lying) - expected).max() > 0.1
    np.testing.assert_allclose(classifier.classify_clouds(lying, up="z"), expected, atol=1e-5)
    corrected = Classifier(with_pose(checkpoint, PoseCorrection(up="z")))
    np.testing.assert_allclose(corrected.classify_clouds(lying), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("cloud", "reason"),
    [
        (np.empty((0, 3)), "0 finite points"),
        (np.full((50, 3), np.nan), "0 finite points of 50"),
        (np.ones((50, 3)), "at one place"),
        (np.ones((50, 2)), r"expected a table of numbers \(N, 3 or more\)"),
    ],
)
def test_a_cloud_that_is_none_is_named(classifier: Classifier, cloud: np.ndarray, reason: str) -> None:
    good = surface("chair", 0)
    with pytest.raises(UnreadableObjectError, match=f"cloud 5: .*{reason}"):
        classifier.classify_clouds([good] * 5 + [cloud])


def test_pictures_come_as_arrays_images_and_files(classifier: Classifier, tmp_path: Path) -> None:
    pixels = picture(1, 120, 80, 3)
    expected = classifier.classify_pictures([pixels])
    Image.fromarray(pixels).save(tmp_path / "a.png")
    others = classifier.classify_pictures([Image.fromarray(pixels), tmp_path / "a.png", str(tmp_path / "a.png")])
    np.testing.assert_allclose(others, np.repeat(expected, 3, axis=0), atol=1e-5)
    np.testing.assert_allclose(
        classifier.classify_pictures([pixels[20:100]]), expected, atol=1e-5, err_msg="the square in the middle is seen"
    )
    clear = Image.fromarray(np.dstack([pixels, np.zeros((120, 80), dtype=np.uint8)]))
    white = np.full((80, 80, 3), 255, dtype=np.uint8)
    np.testing.assert_allclose(classifier.classify_pictures([clear]), classifier.classify_pictures([white]), atol=1e-5)


def test_a_picture_that_is_none_is_named(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "half.jpg").write_bytes(b"\xff\xd8\xff")
    good = picture(0, 50, 50, 3)
    with pytest.raises(UnreadableObjectError, match=r"half\.jpg: .*cannot be read"):
        classifier.classify_pictures([good, tmp_path / "half.jpg"])
    with pytest.raises(UnreadableObjectError, match="picture 1: "):
        classifier.classify_pictures([good, np.zeros((4, 4, 3))])
    for wrong in (np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4), np.float32), np.zeros((4, 4, 2), np.uint8)):
        with pytest.raises(UnreadableObjectError, match=r"picture 0: .*uint8"):
            classifier.classify_pictures([wrong])


def test_nothing_gives_no_rows(classifier: Classifier) -> None:
    assert classifier.classify_clouds([]).shape == classifier.classify_pictures([]).shape == (0, 6)


def test_the_adapted_model_reads_both_modalities_together(checkpoint: Checkpoint, classifier: Classifier) -> None:
    image, point = torch.rand(2, 40, 6, generator=torch.Generator().manual_seed(0)).softmax(-1)
    fusion = fit_fusion(image, point)
    adapted = Classifier(Checkpoint(with_fusion(checkpoint.tensors, fusion), checkpoint.card))
    joint = adapted.join(image.numpy(), point.numpy())
    np.testing.assert_allclose(joint, joint_prediction(image, point, fusion), atol=1e-6)
    with pytest.raises(CrossmostError, match="pipelines=zeroshot"):
        classifier.join(image.numpy(), point.numpy())
    for wrong in ((image[0], point[0]), (image[:1], point), (image[:, :5], point[:, :5])):
        with pytest.raises(CrossmostError, match=r"a row for each object and 6 columns, but their shapes are \("):
            adapted.join(*(values.numpy() for values in wrong))


def test_the_code_of_checkpoints_md_runs(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fusion = fit_fusion(*torch.rand(2, 40, 6, generator=torch.Generator().manual_seed(0)).softmax(-1))
    adapted = Checkpoint(with_fusion(checkpoint.tensors, fusion), checkpoint.card)
    CheckpointDataset(filepath=str(tmp_path / "data/06_models/crossmost")).save(adapted)
    before = Checkpoint(adapted.tensors, adapted.card | {"class_names": list("uvwxyz")})
    CheckpointDataset(filepath=str(tmp_path / "data/06_models/zeroshot")).save(before)
    (tmp_path / "data/07_model_output").mkdir()
    predictions = tmp_path / "data/07_model_output/predictions.parquet"
    pd.DataFrame({"object_id": ["a"], "answer_method": ["zeroshot"]}).to_parquet(predictions)
    page = (PROJECT / "docs/checkpoints.md").read_text(encoding="utf-8")
    (code,) = (block.code for block in blocks_of("checkpoints.md", page) if Path(__file__).name in block.annotation)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {
        "points": surface("chair", 0),
        "views": [picture(number, 96, 96, 3) for number in range(3)],
    }
    exec(code, names)
    assert names["of_points"].shape == names["joint"].shape == (1, 6) and names["of_images"].shape == (3, 6)
    np.testing.assert_allclose(names["joint"].sum(), 1, atol=1e-5)
    assert names["both"].class_names == tuple("uvwxyz"), "the zero-shot model, as the predictions say"
    pd.DataFrame({"object_id": ["a"], "answer_method": ["crossmost"]}).to_parquet(predictions)
    assert Classifier.load_answer("data").class_names == tuple(adapted.card["class_names"])
    with pytest.raises(MissingInputError, match="no finished run in nowhere"):
        Classifier.load_answer("nowhere")


def test_models_that_say_too_little_are_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    card = {key: value for key, value in checkpoint.card.items() if key != "prepared"}
    with pytest.raises(CrossmostError, match=r"does not say how its objects were prepared \(rendering\.views"):
        Classifier(Checkpoint(checkpoint.tensors, card))
    with pytest.raises(MissingInputError, match="no model in"):
        Classifier.load(tmp_path)


def test_a_stored_model_is_loaded(checkpoint: Checkpoint, classifier: Classifier, tmp_path: Path) -> None:
    CheckpointDataset(filepath=str(tmp_path / "model")).save(checkpoint)
    loaded = Classifier.load(tmp_path / "model")
    assert loaded.class_names == CLASSES
    cloud = surface("sofa", 5)
    np.testing.assert_array_equal(loaded.classify_clouds([cloud]), classifier.classify_clouds([cloud]))
