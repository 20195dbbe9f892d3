"""What a model says of stored objects, deterministically: all views, fixed points, fixed sampling start."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from joblib import cpu_count
from torch import Tensor
from torch.nn import functional
from torchvision.transforms import v2

from crossmost.collection import Collection
from crossmost.models.cuda_graph import Replayed
from crossmost.models.host_memory import freed_memory_kept
from crossmost.models.joint import JointModel
from crossmost.progress import show_progress

Found = TypeVar("Found")

_MOST_READERS = 4
"""Threads that read for a GPU."""
_PLAIN_BATCHES = 3
"""Batches that a GPU encodes before it records how."""
RECORDED_FROM = 16
"""Batches of a collection from which on it is worth the time to record how they are encoded."""


class Objects(NamedTuple):
    """B objects as they are stored, on the CPU or brought to a GPU.

    Attributes:
        views: (B, V, H, W, 3) uint8.
        clouds: (B, N, D).
    """

    views: Tensor
    clouds: Tensor


class Encoded(NamedTuple):
    """What a model says of B objects.

    Attributes:
        view_logits: (B, V, C).
        cloud_logits: (B, C).
        embeddings: (B, V + 1, E) float16 of unit length; of the views, then of the points.
    """

    view_logits: Tensor
    cloud_logits: Tensor
    embeddings: Tensor


def scoring_device() -> torch.device:
    """Where models that are not being trained compute: on a GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def prepare_views(
    views: np.ndarray | Tensor,
    size: int,
    mean: Sequence[float],
    std: Sequence[float],
    device: torch.device | None = None,
) -> Tensor:
    """Views (B, H, W, 3) uint8 → normalized (B, 3, size, size) float32, as the image tower expects at test time.

    Args:
        device: where they are resized, and stay; None is where they are, of an array the CPU. A GPU may round a pixel
            to the next of 256 values.
    """
    images = torch.as_tensor(views, device=device).permute(0, 3, 1, 2)
    resized = v2.functional.resize(images, [size, size], interpolation=v2.InterpolationMode.BICUBIC, antialias=True)
    of_channels = partial(_of_channels, device=resized.device)
    return (resized.float() / 255).sub_(of_channels(tuple(mean))).div_(of_channels(tuple(std)))


@cache
def _of_channels(values: tuple[float, ...], device: torch.device) -> Tensor:
    """(3, 1, 1) on a device; not made anew for each batch, for which a GPU would wait."""
    return torch.tensor(values, device=device).view(-1, 1, 1)


def encode_collection(
    model: JointModel,
    collection: Collection,
    *,
    image_mean: Sequence[float],
    image_std: Sequence[float],
    n_points: int,
    batch_size: int,
    single: np.ndarray | None = None,
    embeddings: np.ndarray | None = None,
    title: str = "scoring objects",
) -> tuple[Tensor, Tensor]:
    """Class probabilities of every object from both modalities, on a GPU if there is one.

    Args:
        model: is moved to that device and stays there.
        n_points: the first so many stored points (they are in random order) enter the point tower.
        single: (N, V, C) float32 to write the probabilities of each view to.
        embeddings: (N, V + 1, E) float16 to write those of the views, then the points, to.
        title: text of the progress bar.

    Returns:
        Of the images (mean over an object's views) and of the points, (N, C) each, on the CPU.
    """
    device = scoring_device()
    model.to(device).eval()
    size, channels = model.image_tower.visual.image_size[0], model.point_tower.config.in_channels
    batches = [slice(first, first + batch_size) for first in range(0, len(collection), batch_size)]
    image, point = [], []

    def read(rows: slice) -> Objects:
        clouds = collection.tower_clouds(rows, n_points, channels)
        return Objects(torch.from_numpy(collection.views[rows]), torch.from_numpy(clouds))

    def encode(views: Tensor, clouds: Tensor) -> Encoded:
        flat = prepare_views(views.flatten(0, 1), size, image_mean, image_std)
        of_views, of_clouds = model.embed_image(flat), model.embed_point(clouds)
        each = model.logits(of_views).unflatten(0, views.shape[:2])
        both = [of_views.unflatten(0, views.shape[:2]), of_clouds.unsqueeze(1)]
        return Encoded(each, model.logits(of_clouds), torch.cat([of_one.half() for of_one in both], dim=1))

    with (
        torch.inference_mode(),
        freed_memory_kept(device),
        show_progress(title, len(collection), "objects") as progress,
    ):
        if device.type == "cuda":
            results = _encoded_on_gpu(read, encode, batches, device)
        else:
            results = (encode(*read(rows)) for rows in batches)
        for rows, found in zip(batches, results, strict=True):
            each = functional.softmax(found.view_logits, dim=-1)
            image.append(each.mean(1))
            point.append(functional.softmax(found.cloud_logits, dim=-1))
            if single is not None:
                single[rows] = each.numpy()
            if embeddings is not None:
                embeddings[rows] = found.embeddings.numpy()
            progress.advance(len(each))
    return torch.cat(image), torch.cat(point)


def _encoded_on_gpu(
    read: Callable[[slice], Objects],
    encode: Callable[[Tensor, Tensor], Encoded],
    batches: Sequence[slice],
    device: torch.device,
) -> Iterator[Encoded]:
    """Batches in order, on the CPU; while the GPU computes one, others are read and brought to it or fetched."""
    brought, computing = torch.cuda.Stream(), torch.cuda.current_stream()
    plain = _PLAIN_BATCHES if len(batches) >= RECORDED_FROM else len(batches)
    encode = Replayed(encode, "a batch of objects", plain)

    def bring(rows: slice) -> tuple[Objects, torch.cuda.Event]:
        stored, arrived = [values.pin_memory() for values in read(rows)], torch.cuda.Event()
        with torch.cuda.stream(brought):
            there = Objects(*(values.to(device, non_blocking=True) for values in stored))
            arrived.record()
        return there, arrived

    fetching: deque[tuple[Encoded, torch.cuda.Event]] = deque()
    readers = max(1, min(_MOST_READERS, cpu_count() - 1))
    for there, arrived in in_order(bring, batches, readers):
        computing.wait_event(arrived)
        for values in there:
            values.record_stream(computing)
        fetching.append(_fetch(encode(*there)))
        if len(fetching) > 1:
            yield _fetched(*fetching.popleft())
    for left in fetching:
        yield _fetched(*left)


def in_order(work: Callable[[slice], Found], items: Iterable[slice], threads: int) -> Iterator[Found]:
    """Results of work on items, in order; threads do it for the next items while the caller uses a result."""
    left = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        running: deque[Future[Found]] = deque(pool.submit(work, item) for item in islice(left, threads + 1))
        while running:
            found = running.popleft().result()
            running.extend(pool.submit(work, item) for item in islice(left, 1))
            yield found


def _fetch(found: Encoded) -> tuple[Encoded, torch.cuda.Event]:
    """Copies on the CPU, which a GPU still has to write, and when it has."""
    written = torch.cuda.Event()
    copies = Encoded(*(torch.empty_like(values, device="cpu", pin_memory=True) for values in found))
    for copy, values in zip(copies, found, strict=True):
        copy.copy_(values, non_blocking=True)
    written.record()
    return copies, written


def _fetched(found: Encoded, written: torch.cuda.Event) -> Encoded:
    written.synchronize()
    return found
