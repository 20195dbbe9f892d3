"""The alignment pipeline: from triplets of objects, pictures and captions to encoders whose point tower fits them."""

from kedro.pipeline import Node, Pipeline

from crossmost.pipelines.alignment.nodes import (
    align_point_tower,
    choose_towers,
    list_triplets,
    list_unusable_triplets,
    picture_triplets,
    prepare_triplets,
    sample_triplets,
)


def create_pipeline() -> Pipeline:
    """List the triplets, prepare them as any other objects, and train on them."""
    return Pipeline(
        [
            Node(choose_towers, ["mini_encoders", "params:alignment"], "start_towers", name="choose_towers"),
            Node(list_triplets, "params:alignment", ["triplets", "triplet_captions"], name="list_triplets"),
            Node(prepare_triplets, ["triplets", "params:alignment"], "triplet_meshes", name="prepare_triplets"),
            Node(picture_triplets, ["triplet_meshes", "params:alignment"], "triplet_views", name="picture_triplets"),
            Node(sample_triplets, ["triplet_meshes", "params:alignment"], "triplet_clouds", name="sample_triplets"),
            Node(
                list_unusable_triplets,
                ["triplet_meshes", "triplet_views", "triplet_clouds", "triplets"],
                "triplet_quarantine",
                name="list_unusable_triplets",
            ),
            Node(
                align_point_tower,
                [
                    "start_towers",
                    "triplet_views",
                    "triplet_clouds",
                    "triplet_captions",
                    "triplet_quarantine",
                    "triplets",
                    "params:alignment",
                ],
                ["aligned_encoders", "alignment_log"],
                name="align_point_tower",
            ),
        ],
        tags="alignment",
    )
