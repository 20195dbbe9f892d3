"""The map keeps classes together and ignores what the classifier does not see."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crossmost.evaluation import drawn_embeddings, lay_out
from crossmost.evaluation.embedding_layout import class_directions
from tests.synthetic_run import SyntheticRun, make_run

CLASSIFIER = np.eye(8)[:, :5]


def drawn(run: SyntheticRun, n_objects: int = 1000) -> pd.DataFrame:
    return drawn_embeddings(list(run.embeddings.values()), n_objects=n_objects, n_views=2, seed=0)


def test_both_models_embed_the_same_objects_with_the_mean_of_some_views() -> None:
    run = make_run(12)
    table = drawn(run, 8)
    assert table.groupby(["method", "modality"])["object_id"].agg(frozenset).nunique() == 1
    assert table.groupby(["method", "modality"])["object_id"].nunique().tolist() == [8] * 4
    assert not table.duplicated(["method", "modality", "object_id"]).any()
    first = table["object_id"].iloc[0]
    own = run.embeddings["zeroshot"].values[run.embeddings["zeroshot"].object_ids.index(first)].astype(np.float32)
    mean = own[0] + own[1]  # of views 0 to 2
    found = table.set_index(["method", "object_id", "modality"])["embedding"]
    np.testing.assert_allclose(found["zeroshot", first, "image"], mean / np.linalg.norm(mean), atol=1e-6)
    np.testing.assert_allclose(found["zeroshot", first, "point"], own[-1], atol=1e-3)


@pytest.mark.parametrize("n_objects", [60, 2])
def test_layout_is_repeatable_and_within_the_unit_square(n_objects: int) -> None:
    embeddings = drawn(make_run(n_objects))
    layout = lay_out(embeddings, CLASSIFIER, seed=0)
    assert layout[["method", "object_id", "modality"]].equals(embeddings[["method", "object_id", "modality"]])
    assert layout[["x", "y"]].abs().to_numpy().max() == pytest.approx(1)
    pd.testing.assert_frame_equal(layout, lay_out(embeddings, CLASSIFIER, seed=0))


def test_neighbors_on_the_map_share_their_class() -> None:
    run = make_run(60)
    layout = lay_out(drawn(run), CLASSIFIER, seed=0)
    after = layout[layout["method"] == "crossmost"]
    xy = after[["x", "y"]].to_numpy()
    classes = after["object_id"].map(run.labels.set_index("object_id")["class_name"]).to_numpy()
    distances = np.linalg.norm(xy[:, None] - xy[None], axis=-1) + 9 * np.eye(len(xy))
    assert (classes[distances.argmin(axis=1)] == classes).mean() > 0.9


def test_class_directions_leave_out_what_all_classes_share() -> None:
    shared = np.ones((6, 1))
    basis = class_directions(np.concatenate([np.eye(6)[:, :1], np.eye(6)[:, 1:2]], axis=1) + 5 * shared)
    assert basis.shape == (6, 1)
    np.testing.assert_allclose(shared.T @ basis, 0, atol=1e-12)
