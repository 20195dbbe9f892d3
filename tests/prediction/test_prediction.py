"""New objects, from a folder to predictions and a page."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import trimesh
from PIL import Image

from crossmost.classifier import Classifier
from crossmost.collection import Collection, load_collection
from crossmost.errors import CrossmostError, MissingInputError
from crossmost.kedro_datasets import CheckpointDataset, ScoresDataset
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.encoding import encode_collection
from crossmost.models.joint_checkpoint import load_joint, preparation, with_fusion
from crossmost.models.joint_prediction import fit_fusion, joint_prediction, neutral_fusion
from crossmost.pipelines.prediction.nodes import list_new_objects
from crossmost.pipelines.prediction.parameters import PredictionParameters
from crossmost.pipelines.rendering.parameters import RenderingParameters
from crossmost.pipelines.zeroshot.nodes import read_both_modalities
from crossmost.pipelines.zeroshot.parameters import ZeroshotParameters
from crossmost.prediction import predict, render_gallery, spreadsheet
from crossmost.prediction.preparation import require_same_preparation
from crossmost.rendering import CameraRig, decode_views, encode_view
from crossmost.shards import Sample, ShardStore
from crossmost.sources.shapes.generator import generate_shape
from tests.small_scores import make_scores
from tests.tiny_run import run_environment


def test_predictions_hold_top_five_of_both_modalities_and_jointly(model: Checkpoint) -> None:
    rng = np.random.default_rng(0)
    collection = Collection(
        ("a", "b", "c"),
        rng.integers(0, 255, (3, 2, 64, 64, 3), dtype=np.uint8),
        rng.normal(size=(3, 128, 3)).astype(np.float32),
    )
    table = predict(model, collection, {"a": "x/a.obj"}, n_points=128, batch_size=2)
    assert set(table["object_id"]) == {"a", "b", "c"}
    assert table["joint_confidence"].is_monotonic_decreasing
    for view in ("joint", "image", "point"):
        assert (table[f"{view}_top5"].str[0] == table[f"{view}_label"]).all()
        assert (table[f"{view}_top5"].map(len) == 5).all()
        confidences = np.stack(table[f"{view}_top5_confidence"].tolist())
        assert (np.diff(confidences, axis=1) <= 0).all()
        np.testing.assert_allclose(confidences[:, 0], table[f"{view}_confidence"])
    assert (table["agreement"] == (table["image_label"] == table["point_label"])).all()
    plain = spreadsheet(table)
    assert plain.loc[plain["object_id"] == "a", "file"].item() == "x/a.obj"
    assert re.fullmatch(r"(\w+ \d\.\d{3}; ){4}\w+ \d\.\d{3}", plain["joint_top5"][0])


def some_objects(*names: str, n_points: int = 128) -> Collection:
    """Objects of noise that depends on their names alone."""
    draws = [np.random.default_rng(ord(name)) for name in names]
    views = np.stack([rng.integers(0, 255, (2, 64, 64, 3), dtype=np.uint8) for rng in draws])
    return Collection(names, views, np.stack([rng.normal(size=(n_points, 3)) for rng in draws]).astype(np.float32))


def test_an_object_is_what_it_is_whatever_else_is_in_the_folder(model: Checkpoint) -> None:
    """An adapted model knows how both modalities are read together; new objects do not change that."""
    fusion = neutral_fusion(len(model.card["class_names"]))._replace(temperature=torch.tensor([0.5, 2.0]))
    adapted = Checkpoint(with_fusion(model.tensors, fusion), model.card)
    together, alone = (
        predict(adapted, some_objects(*names), {}, n_points=128, batch_size=4).set_index("object_id")
        for names in ("abcde", "c")
    )
    for view in ("joint", "image", "point"):
        assert together.loc["c", f"{view}_confidence"] == pytest.approx(alone.loc["c", f"{view}_confidence"], abs=1e-4)


def test_clouds_too_small_for_the_tower_are_refused(model: Checkpoint) -> None:
    with pytest.raises(CrossmostError, match="clouds have 20 points"):
        predict(model, some_objects("a", n_points=20), {}, n_points=1024, batch_size=1)


def test_only_what_this_run_decides_is_compared() -> None:
    card = {"prepared": {"rendering.views.image_size": 96, "some.new.parameter": 3}}
    require_same_preparation(card, {"rendering.views.image_size": 96})


def test_a_page_of_many_objects_shows_an_even_spread_of_them_and_of_their_views() -> None:
    keys = [f"o{number}" for number in range(5)]
    shades = [50, 90, 130, 170, 210, 250]
    pictures = [encode_view(np.full((8, 8, 3), shade, dtype=np.uint8)) for shade in shades]
    views = [Sample(key, {f"view{number:02d}.png": png for number, png in enumerate(pictures)}) for key in keys]
    columns: dict[str, Any] = {"object_id": keys, "file": keys, "agreement": True, "joint_method": "zeroshot"}
    for view in ("joint", "image", "point"):
        columns |= {f"{view}_label": "chair", f"{view}_confidence": 0.9}
        columns |= {f"{view}_top5": [["chair"]] * 5, f"{view}_top5_confidence": [[0.9]] * 5}
    quarantine = pd.DataFrame(columns=["object_id", "file", "stage", "reason"])
    page = render_gallery(pd.DataFrame(columns), views, quarantine, method="crossmost", most_objects=2)  # type: ignore
    assert page.count("<article") == 2 and "o0" in page and "o3" in page
    assert "classified by Cross-MoST, both modalities together by Zero-shot" in page
    shown = [
        Image.open(io.BytesIO(base64.b64decode(uri))) for uri in re.findall(r"data:image/webp;base64,([^\"]+)", page)
    ]
    found = [int(np.asarray(picture.convert("L")).mean().round()) for picture in shown]
    assert found == pytest.approx([50, 130, 210] * 2, abs=3)


def zeroshot_parameters(**changes: Any) -> ZeroshotParameters:
    return ZeroshotParameters(templates=("a {}.",), batch_size=4, **{"n_points": 1024, **changes})


def test_without_a_folder_one_sentence_says_how_to_name_it(model: Checkpoint) -> None:
    with pytest.raises(MissingInputError, match=r"--params prediction\.source=DIR"):
        list_new_objects(model, PredictionParameters(), RenderingParameters(), zeroshot_parameters())


def test_objects_that_would_be_prepared_otherwise_are_refused_with_what_to_add(
    model: Checkpoint, tmp_path: Path
) -> None:
    (tmp_path / "a.xyz").write_text("0 0 0\n")
    adapted = Checkpoint(model.tensors, model.card | {"prepared": preparation(224, 2048, 2000)})
    here = PredictionParameters(source=tmp_path), RenderingParameters()
    add = r"rendering\.views\.image_size=224,zeroshot\.n_points=2000"
    wanted = rf"rendering\.views\.image_size is 96, zeroshot\.n_points is 1024\): add {add} to --params"
    with pytest.raises(CrossmostError, match=wanted):
        list_new_objects(adapted, *here, zeroshot_parameters())
    as_then = RenderingParameters(views=CameraRig(image_size=224))
    assert len(list_new_objects(adapted, here[0], as_then, zeroshot_parameters(n_points=2000))) == 1
    card = {key: value for key, value in model.card.items() if key != "prepared"}
    older = Checkpoint(model.tensors, card)
    assert len(list_new_objects(older, *here, zeroshot_parameters())) == 1, "cards of older versions say nothing"


def test_a_folder_of_broken_files_names_them(model: Checkpoint, tmp_path: Path) -> None:
    objects = tmp_path / "objects"
    objects.mkdir()
    (objects / "half.glb").write_bytes(b"glTF?")
    (objects / "empty.obj").touch()
    CheckpointDataset(filepath=str(tmp_path / "data/06_models/crossmost")).save(model)
    with pytest.raises(CrossmostError, match=r"None of the 2 objects can be .*new_quarantine\.csv") as error:
        run_environment("shapes", tmp_path, "crossmost_prediction", prediction={"source": str(objects), "n_jobs": 1})
    assert "empty.obj: the file is empty" in str(error.value) and "half.glb" in str(error.value)
    (quarantine,) = tmp_path.rglob("new_quarantine.csv")
    assert set(pd.read_csv(quarantine)["file"]) == {"half.glb", "empty.obj"}


@pytest.mark.render
def test_a_folder_becomes_predictions_a_spreadsheet_and_a_page(model: Checkpoint, tmp_path: Path) -> None:
    objects = tmp_path / "new <objects>"
    objects.mkdir()
    for number, name in enumerate(("chair", "bottle", "table")):
        generate_shape(name, 9_000 + number).mesh.export(objects / f"{name}.{('obj', 'glb', 'ply')[number]}")
    mesh = generate_shape("chair", 9_100).mesh
    np.save(objects / "scan.npy", trimesh.sample.sample_surface(mesh, 800, seed=0)[0])
    (objects / "broken.glb").write_bytes(b"glTF?")
    CheckpointDataset(filepath=str(tmp_path / "data/06_models/crossmost")).save(model)

    given = {"source": str(objects), "n_jobs": 1}
    results = run_environment("shapes", tmp_path, "crossmost_prediction", prediction=given)

    predictions = pd.read_parquet(results / "07_model_output/new_predictions.parquet")
    assert set(predictions["file"]) == {"chair.obj", "bottle.glb", "table.ply", "scan.npy"}
    plain = pd.read_csv(results / "07_model_output/new_predictions.csv")
    assert list(plain["label"]) == list(predictions["joint_label"])
    quarantine = pd.read_csv(results / "07_model_output/new_quarantine.csv")
    assert list(quarantine["object_id"]) == ["broken"]
    assert Path(quarantine["file"][0]).stem == "broken"
    page = (results / "08_reporting/new_objects.html").read_text()
    assert "classified by Cross-MoST" in page
    assert page.count("<article") == 4
    assert quarantine["reason"][0].replace("'", "&#39;")[:20] in page
    assert not re.search(r"(src|href)=\"(?!data:)", page), "the page must open offline"

    # A program that uses the model itself gets the same answers.
    classifier, table = Classifier(model), predictions.set_index("object_id")
    for sample in ShardStore(results / "03_primary/new_views"):
        of_views = classifier.classify_pictures(decode_views(sample)).mean(axis=0)
        assert of_views.max() == pytest.approx(table.loc[sample.key, "image_confidence"], abs=1e-4)
    of_scan = classifier.classify_clouds([objects / "scan.npy"])[0]  # of other 256 of its points
    assert classifier.class_names[of_scan.argmax()] == table.loc["scan", "point_label"] == "chair"

    # Before any adaptation, both modalities are read together as in the collection that was scored.
    image, point = torch.rand(2, 30, 6, generator=torch.Generator().manual_seed(0)).mul(4).softmax(-1)
    splits = {f"object-{row}": "test" if row < 10 else "adapt" for row in range(30)}
    scores = make_scores(splits, image, point=point)
    ScoresDataset(filepath=str(tmp_path / "data/07_model_output/zeroshot_scores")).save(scores)
    start = Checkpoint(model.tensors, model.card | {"method": "zeroshot"})
    CheckpointDataset(filepath=str(tmp_path / "data/06_models/zeroshot")).save(read_both_modalities(start, scores))
    run_environment("shapes", tmp_path, "zeroshot_prediction", prediction=given)
    before = pd.read_parquet(results / "07_model_output/new_predictions.parquet").set_index("object_id")
    collection = load_collection(
        ShardStore(results / "03_primary/new_views"), ShardStore(results / "03_primary/new_clouds")
    )
    both = encode_collection(
        load_joint(model),
        collection,
        image_mean=model.card["image_mean"],
        image_std=model.card["image_std"],
        n_points=256,
        batch_size=4,
    )
    joint = joint_prediction(*both, fit_fusion(image[10:], point[10:])).amax(dim=1)
    np.testing.assert_allclose(before.loc[list(collection.object_ids), "joint_confidence"], joint, atol=1e-4)
    pd.testing.assert_series_equal(before["point_confidence"].sort_index(), table["point_confidence"].sort_index())
    assert "classified by Zero-shot" in (results / "08_reporting/new_objects.html").read_text()

    # The answer: self-training changed no joint label, so zero-shot's joint prediction stands beside the adapted ones.
    ScoresDataset(filepath=str(tmp_path / "data/07_model_output/crossmost_scores")).save(scores)
    run_environment("shapes", tmp_path, "prediction", prediction=given)
    answer = pd.read_parquet(results / "07_model_output/new_predictions.parquet").set_index("object_id")
    pd.testing.assert_series_equal(answer["joint_confidence"], before["joint_confidence"])
    pd.testing.assert_frame_equal(
        answer.filter(regex="^(image|point)_"), table.filter(regex="^(image|point)_").loc[answer.index]
    )
    assert set(answer["joint_method"]) == {"zeroshot"}
    assert "both modalities together by Zero-shot" in (results / "08_reporting/new_objects.html").read_text()
    run_environment("shapes", tmp_path, "prediction", prediction=given, evaluation={"least_changed_share": 0})
    answer = pd.read_parquet(results / "07_model_output/new_predictions.parquet").set_index("object_id")
    pd.testing.assert_frame_equal(answer.loc[table.index], table)
