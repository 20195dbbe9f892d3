"""Triplets in memory: clouds, and embeddings of pictures and captions under towers that do not change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from crossmost.collection import GREY
from crossmost.errors import CrossmostError
from crossmost.models.encoders import Encoders
from crossmost.models.encoding import prepare_views, scoring_device
from crossmost.rendering import decode_views
from crossmost.shards import ShardStore, decode_array

_TEXTS_AT_ONCE = 256


@dataclass(frozen=True)
class AlignedTriplets:
    """N objects. Half precision where it does no harm: collections are large.

    Attributes:
        object_ids: N names.
        clouds: (N, M, 3) float16, y up, zero mean and unit maximum radius.
        colors: (N, M, 3) uint8, grey where an object has none; None if no object has colors.
        pictures: (P, E) float16 unit embeddings of all pictures, object after object.
        picture_start: (N + 1,) where each object's pictures begin; every object has one at least.
        captions: (C, E) float16 unit embeddings of all distinct captions.
        caption_rows: per object the rows of its captions; may be empty.
    """

    object_ids: tuple[str, ...]
    clouds: np.ndarray
    colors: np.ndarray | None
    pictures: np.ndarray
    picture_start: np.ndarray
    captions: np.ndarray
    caption_rows: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.object_ids)


def embed_triplets(
    encoders: Encoders,
    views: ShardStore,
    clouds: ShardStore,
    captions: Mapping[str, Sequence[str]],
    *,
    templates: Sequence[str],
    batch_size: int,
) -> AlignedTriplets:
    """Read what is stored and embed it, on a GPU if there is one.

    Args:
        encoders: moved to that device, and left there.
        views, clouds: stores of the same objects; those that lack one of both are left out.
        captions: object id → captions.
        templates: prompts with one ``{}`` each for the caption; their embeddings are averaged.
        batch_size: pictures embedded at once.

    Raises:
        CrossmostError: if no object has both views and a cloud, or clouds differ in size.
    """
    device = scoring_device()
    encoders.to(device).eval()
    points, colors = _read_clouds(clouds)
    object_ids, counts, pictures = [], [], []
    for key, distinct in _distinct_views(views):
        if key in points:
            object_ids.append(key)
            counts.append(len(distinct))
            pictures.append(_embed_pictures(encoders, distinct, batch_size, device))
    if not object_ids:
        raise CrossmostError("no triplet has both pictures and a cloud; triplet_quarantine.csv says why")
    sizes = {points[key].shape for key in object_ids}
    if len(sizes) > 1:
        raise CrossmostError(f"clouds differ in size: {sorted(map(str, sizes))}; delete the store {clouds.root}")
    row_of: dict[str, int] = {}
    caption_rows = tuple(
        tuple(row_of.setdefault(text, len(row_of)) for text in captions.get(key, ())) for key in object_ids
    )
    grey = np.full(next(iter(sizes)), GREY, dtype=np.uint8)
    return AlignedTriplets(
        object_ids=tuple(object_ids),
        clouds=np.stack([points[key] for key in object_ids]),
        colors=np.stack([colors.get(key, grey) for key in object_ids]) if colors else None,
        pictures=np.concatenate(pictures),
        picture_start=np.concatenate([[0], np.cumsum(counts)]),
        captions=_embed_texts(encoders, list(row_of), templates),
        caption_rows=caption_rows,
    )


def _read_clouds(clouds: ShardStore) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    points, colors = {}, {}
    for sample in clouds:
        points[sample.key] = decode_array(sample.members["points.npy"]).astype(np.float16)
        if "colors.npy" in sample.members:
            colors[sample.key] = decode_array(sample.members["colors.npy"])
    return points, colors


def _distinct_views(views: ShardStore) -> Iterator[tuple[str, np.ndarray]]:
    """(object id, its views without repetitions): few pictures fill a rig of many cameras by repeating."""
    for sample in views:
        stacked = decode_views(sample)
        first = {view.tobytes(): number for number, view in reversed(list(enumerate(stacked)))}
        yield sample.key, stacked[sorted(first.values())]


@torch.inference_mode()
def _embed_pictures(encoders: Encoders, views: np.ndarray, batch_size: int, device: torch.device) -> np.ndarray:
    """(V, H, W, 3) uint8 → (V, E) float16."""
    parts: list[Tensor] = []
    for first in range(0, len(views), batch_size):
        chunk = views[first : first + batch_size]
        prepared = prepare_views(chunk, encoders.image_size, encoders.image_mean, encoders.image_std, device)
        parts.append(encoders.encode_image(prepared).cpu())
    return torch.cat(parts).half().numpy()


@torch.inference_mode()
def _embed_texts(encoders: Encoders, texts: Sequence[str], templates: Sequence[str]) -> np.ndarray:
    """C texts → (C, E) float16: per text the mean over its prompts, of unit length."""
    parts = [np.zeros((0, encoders.embed_dim), dtype=np.float16)]
    for first in range(0, len(texts), _TEXTS_AT_ONCE):
        chunk = texts[first : first + _TEXTS_AT_ONCE]
        # Captions may hold braces of their own, so this is no str.format.
        prompts = [template.replace("{}", text) for text in chunk for template in templates]
        embedded = encoders.encode_text(prompts).unflatten(0, (len(chunk), len(templates))).mean(1)
        parts.append(functional.normalize(embedded.float(), dim=-1).cpu().half().numpy())
    return np.concatenate(parts)
