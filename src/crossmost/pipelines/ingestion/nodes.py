"""Nodes of the ingestion pipeline."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from crossmost.errors import MissingInputError
from crossmost.object_table import add_split, check_quarantine_share, object_table
from crossmost.pipelines.ingestion.parameters import IngestionParameters
from crossmost.shards import ShardStore, ShardWork, chunk_into_shards
from crossmost.sources import RawObject, make_object_sample, open_source, source_code_fingerprint
from crossmost.tables import LABELS, OBJECTS, QUARANTINE, check_table


def list_raw_objects(
    raw_library: Path, parameters: IngestionParameters
) -> tuple[list[RawObject], pd.DataFrame, list[str]]:
    """What there is to read; labels and captions part from the objects here, so that nothing later can see them."""
    source = open_source(parameters.sources[parameters.source], raw_library)
    found = list(source.objects())
    if not found:
        raise MissingInputError(
            f"The source {parameters.source!r} has no object of the classes {', '.join(source.class_names)} "
            f"(looked in {raw_library})"
        )
    pairs = [(raw.object_id, raw.class_name) for raw in found if raw.class_name is not None]
    source_labels = pd.DataFrame(pairs, columns=["object_id", "class_name"])
    unlabeled = [replace(raw, class_name=None, captions=()) for raw in found]
    return unlabeled, source_labels, list(source.class_names)


def prepare_meshes(raw_objects: list[RawObject], parameters: IngestionParameters) -> ShardWork:
    """Every object as a compact textured mesh or as a cloud, in one frame; done when the dataset is saved."""
    return ShardWork(
        jobs=chunk_into_shards(raw_objects, "meshes", parameters.objects_per_shard),
        worker=make_object_sample,
        settings_fingerprint=source_code_fingerprint(parameters.sources[parameters.source]),
        stage="preparing meshes",
        n_jobs=parameters.n_jobs,
        cluster=parameters.cluster,
    )


def describe_objects(
    meshes: ShardStore,
    raw_objects: list[RawObject],
    source_labels: pd.DataFrame,
    parameters: IngestionParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Tables of objects, labels and quarantine. Labels only stratify a split that is drawn."""
    described = add_split(
        object_table(raw_objects, meshes),
        meshes,
        dict(zip(source_labels["object_id"], source_labels["class_name"], strict=True)),
        threshold=parameters.split.near_duplicate_threshold,
        test_share=parameters.split.test_share,
        n_folds=parameters.split.n_folds,
        fold=parameters.split.fold,
        seed=parameters.split.seed,
    )
    quarantine = meshes.quarantine()
    source_of = dict(zip(described["object_id"], described["source"], strict=True))
    quarantine.insert(1, "source", quarantine["object_id"].map(source_of).astype("str"))
    return (
        check_table(OBJECTS, described)[list(OBJECTS.columns)],
        check_table(LABELS, source_labels),
        check_table(QUARANTINE, quarantine),
    )


def check_quarantine(described_objects: pd.DataFrame, parameters: IngestionParameters) -> pd.DataFrame:
    """Let the objects pass if few enough are quarantined; a node of its own, so that quarantine.csv is there anyway."""
    check_quarantine_share(described_objects, parameters.max_quarantine_share)
    return described_objects
