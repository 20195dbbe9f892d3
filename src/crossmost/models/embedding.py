"""Embeddings of a collection, to look at: both modalities of every object under one model."""

from collections.abc import Sequence

import pandas as pd
import torch
from torch.nn import functional

from crossmost.collection import Collection
from crossmost.models.joint import JointModel
from crossmost.models.scoring import prepare_views, scoring_device
from crossmost.progress import track_batches


@torch.inference_mode()
def embed_collection(
    model: JointModel,
    collection: Collection,
    *,
    method: str,
    image_mean: Sequence[float],
    image_std: Sequence[float],
    n_points: int,
    n_views: int,
    batch_size: int,
) -> pd.DataFrame:
    """Embed every object with both towers, on a GPU if there is one.

    Args:
        model: is moved to that device and stays there.
        n_points: the first so many stored points enter the point tower.
        n_views: views per object, evenly spread over the stored ones; their embeddings are averaged.
        batch_size: objects at once.

    Returns:
        `method, object_id, modality, embedding`: one row per object and modality (image, point); embeddings are lists
        of E floats of unit length.
    """
    device = scoring_device()
    model.to(device).eval()
    size = model.image_tower.visual.image_size[0]
    stored = collection.views.shape[1]
    picked = sorted({index * stored // min(n_views, stored) for index in range(min(n_views, stored))})
    parts = []
    for chunk in track_batches(len(collection), batch_size, f"embedding objects ({method})", "objects"):
        views = collection.views[chunk][:, picked]  # (B, V, H, W, 3)
        flat = prepare_views(views.reshape(-1, *views.shape[2:]), size, image_mean, image_std, device)
        image = functional.normalize(model.embed_image(flat).unflatten(0, views.shape[:2]).mean(1), dim=-1)  # (B, E)
        clouds = collection.tower_clouds(chunk, n_points, model.point_tower.config.in_channels)
        point = model.embed_point(torch.from_numpy(clouds).to(device))  # (B, E)
        for modality, embeddings in (("image", image), ("point", point)):
            parts.append(
                pd.DataFrame(
                    {
                        "object_id": collection.object_ids[chunk],
                        "modality": modality,
                        "embedding": list(embeddings.float().cpu().numpy()),
                    }
                )
            )
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "method", method)
    return table
