"""The ingestion pipeline: from raw libraries to meshes and tables."""

from kedro.pipeline import Node, Pipeline

from crossmost.pipelines.ingestion.nodes import (
    check_quarantine,
    describe_objects,
    list_raw_objects,
    prepare_meshes,
)


def create_pipeline() -> Pipeline:
    """List what there is, prepare the meshes, describe and split the objects."""
    return Pipeline(
        [
            Node(
                list_raw_objects,
                inputs=["raw_library", "params:ingestion"],
                outputs=["raw_objects", "source_labels", "class_names"],
                name="list_raw_objects",
            ),
            Node(
                prepare_meshes,
                inputs=["raw_objects", "params:ingestion"],
                outputs="meshes",
                name="prepare_meshes",
            ),
            Node(
                describe_objects,
                inputs=["meshes", "raw_objects", "source_labels", "params:ingestion"],
                outputs=["described_objects", "labels", "quarantine"],
                name="describe_objects",
            ),
            Node(
                check_quarantine,
                inputs=["described_objects", "params:ingestion"],
                outputs="objects",
                name="check_quarantine",
            ),
        ],
        tags="ingestion",
    )
