"""Pictures without clouds: a row for each object of what the model says it is."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from PIL import Image

from crossmost.classifier import Classifier
from crossmost.errors import CrossmostError, UnreadableObjectError
from crossmost.prediction.table import best_classes
from crossmost.progress import show_progress
from crossmost.sources.picture_files import PictureFiles
from crossmost.sources.pictures import read_picture

logger = logging.getLogger(__name__)

_NAMED = 5  # unusable files in an error message
_AT_ONCE = 256  # pictures in memory


def predict_pictures(
    classifier: Classifier, pictures: PictureFiles, *, n_jobs: int = -1
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the objects in pictures are, most confident first; of several pictures of an object, by their mean.

    Args:
        classifier: an adapted model.
        pictures: from `list_pictures`.
        n_jobs: threads that read files; -1 is one per core.

    Returns:
        Columns object, pictures (how many), label, confidence (probability), top5 (names) and top5_confidence; and the
        files that could not be read: file, reason.

    Raises:
        CrossmostError: if no file can be read.
    """
    shown, parts, unusable = [], [], []
    for path_of_each, results in _read(pictures.files, n_jobs):
        good = []
        for path, result in zip(path_of_each, results, strict=True):
            if isinstance(result, UnreadableObjectError):
                unusable.append({"file": pictures.name(path), "reason": str(result)})
            else:
                good.append(result)
                shown.append(pictures.object_in(path))
        parts.append(classifier.classify_pictures(good))
    quarantine = pd.DataFrame(unusable, columns=["file", "reason"])
    if not shown:
        named = [f"  {row.file}: {row.reason}" for row in quarantine.head(_NAMED).itertuples()]
        raise CrossmostError(
            f"None of the {len(pictures.files)} pictures can be read. The first reasons:\n" + "\n".join(named)
        )
    if unusable:
        logger.warning(
            "%d of %d pictures could not be read: new_picture_quarantine.csv says why",
            len(unusable),
            len(pictures.files),
        )
    objects, rows, counts = np.unique(np.asarray(shown, dtype=object), return_inverse=True, return_counts=True)
    sums = np.zeros((len(objects), len(classifier.class_names)))
    np.add.at(sums, rows, np.concatenate(parts))
    best = best_classes((sums / counts[:, None]).astype(np.float32), classifier.class_names)
    table = pd.DataFrame({"object": objects, "pictures": counts, **best})
    return table.sort_values("confidence", ascending=False, ignore_index=True, kind="stable"), quarantine


def _read(
    files: Sequence[Path], n_jobs: int
) -> Iterator[tuple[Sequence[Path], list[Image.Image | UnreadableObjectError]]]:
    """Batches of files, and of each its square picture or what is wrong with it."""
    with (
        Parallel(n_jobs=n_jobs, prefer="threads") as parallel,
        show_progress("classifying pictures", len(files), "pictures") as progress,
    ):
        for first in range(0, len(files), _AT_ONCE):
            batch = files[first : first + _AT_ONCE]
            yield batch, list(parallel(delayed(_picture)(path) for path in batch))
            progress.advance(len(batch))


def _picture(path: Path) -> Image.Image | UnreadableObjectError:
    try:
        return read_picture(path)
    except UnreadableObjectError as error:
        return error
