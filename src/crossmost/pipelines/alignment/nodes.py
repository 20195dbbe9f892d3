"""Nodes of the alignment pipeline."""

import pandas as pd

from crossmost.alignment.features import embed_triplets
from crossmost.alignment.towers import AlignedTowers, towers_to_align
from crossmost.alignment.trainer import align
from crossmost.alignment.triplets import Triplet
from crossmost.errors import CrossmostError
from crossmost.models.checkpoint import Checkpoint
from crossmost.pipelines.alignment.parameters import AlignmentParameters
from crossmost.pipelines.rendering import nodes as rendering
from crossmost.shards import ShardStore, ShardWork, chunk_into_shards, code_fingerprint, decode_json, fingerprint
from crossmost.sources import make_object_sample
from crossmost.sources.missing_files import say_missing_files

_NAMED = 5  # unusable triplets in an error message


def choose_towers(mini_encoders: Checkpoint, parameters: AlignmentParameters) -> AlignedTowers:
    """The towers to begin with; before anything is rendered, so that missing weights are known at once."""
    return towers_to_align(parameters.towers, mini_encoders, parameters.training.seed)


def list_triplets(parameters: AlignmentParameters) -> tuple[list[Triplet], pd.DataFrame]:
    """The triplets, and a table of their captions: object_id, source, caption."""
    triplets = parameters.source.triplets()
    rows = [(triplet.object_id, triplet.source, caption) for triplet in triplets for caption in triplet.captions]
    return triplets, pd.DataFrame(rows, columns=["object_id", "source", "caption"])


def prepare_triplets(triplets: list[Triplet], parameters: AlignmentParameters) -> ShardWork:
    """Every object as a compact mesh or a cloud, with its pictures, in one frame; done when the dataset is saved."""
    return ShardWork(
        jobs=chunk_into_shards(triplets, "triplets", parameters.objects_per_shard),
        worker=make_object_sample,
        settings_fingerprint=fingerprint(code_fingerprint("crossmost.sources", "crossmost.alignment.triplets")),
        stage="preparing triplets",
        n_jobs=parameters.n_jobs,
    )


def picture_triplets(triplet_meshes: ShardStore, parameters: AlignmentParameters) -> ShardWork:
    """The pictures that came with an object, else renders or depth views of it."""
    return rendering.render_views(triplet_meshes, parameters.rendering)


def sample_triplets(triplet_meshes: ShardStore, parameters: AlignmentParameters) -> ShardWork:
    """A point cloud of every object."""
    return rendering.capture_clouds(triplet_meshes, parameters.rendering)


def list_unusable_triplets(
    triplet_meshes: ShardStore, triplet_views: ShardStore, triplet_clouds: ShardStore, triplets: list[Triplet]
) -> pd.DataFrame:
    """Triplets that could not be read, pictured or sampled, with their source and the reason."""
    say_missing_files((decode_json(sample.members["json"]) for sample in triplet_meshes.samples("json")), triplets)
    stores = (triplet_meshes, triplet_views, triplet_clouds)
    unusable = pd.concat([store.quarantine() for store in stores], ignore_index=True)
    source_of = {triplet.object_id: triplet.source for triplet in triplets}
    unusable.insert(1, "source", unusable["object_id"].map(source_of))
    return unusable


def align_point_tower(
    start_towers: AlignedTowers,
    triplet_views: ShardStore,
    triplet_clouds: ShardStore,
    triplet_captions: pd.DataFrame,
    triplet_quarantine: pd.DataFrame,
    triplets: list[Triplet],
    parameters: AlignmentParameters,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Train the point tower; returns all three towers as one checkpoint, and the log of losses and retrieval."""
    _check_quarantine(triplet_quarantine, len(triplets), parameters.max_quarantine_share)
    data = embed_triplets(
        start_towers.encoders,
        triplet_views,
        triplet_clouds,
        {str(key): list(group) for key, group in triplet_captions.groupby("object_id")["caption"]},
        templates=parameters.templates,
        batch_size=parameters.embedding_batch_size,
    )
    encoders, log = align(
        start_towers.encoders, data, parameters.training, expected_points=start_towers.expected_points
    )
    last = log.iloc[-1]
    card = start_towers.facts | {
        "trained_on": f"{len(data)} triplets with {len(data.captions)} different captions ({parameters.source.kind})",
        "expected_points": parameters.training.n_points,
        "alignment": parameters.training.model_dump(mode="json"),
        "holdout_image_top1": round(float(last["holdout_image_top1"]), 4),
        "holdout_caption_top1": None
        if pd.isna(last["holdout_caption_top1"])
        else round(float(last["holdout_caption_top1"]), 4),
    }
    return encoders.checkpoint(card), log


def _check_quarantine(quarantine: pd.DataFrame, total: int, max_share: float) -> None:
    """Refuse triplets too many of which cannot be used."""
    unusable = quarantine.drop_duplicates("object_id")
    if len(unusable) <= max_share * total:
        return
    named = [f"  {row.source}: {row.reason}" for row in unusable.head(_NAMED).itertuples()]
    raise CrossmostError(
        f"{len(unusable)} of {total} triplets cannot be used; alignment.max_quarantine_share allows {max_share:.0%}. "
        "All are in triplet_quarantine.csv, the first are:\n" + "\n".join(named)
    )
