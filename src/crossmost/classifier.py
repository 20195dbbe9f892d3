"""An adapted model in a Python program: what clouds and pictures show, without a pipeline.

from crossmost.classifier import Classifier

classifier = Classifier.load("data/06_models/crossmost")
probabilities = classifier.classify_clouds([np.load("chair.npy")])
classifier.class_names[probabilities[0].argmax()]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from crossmost.collection import GREY, Collection
from crossmost.errors import CrossmostError, MissingInputError, UnreadableObjectError
from crossmost.geometry.clouds import resample_cloud
from crossmost.models.checkpoint import Checkpoint, load_checkpoint
from crossmost.models.encoding import prepare_views, scoring_device
from crossmost.models.joint_checkpoint import load_fusion, load_joint, load_pose
from crossmost.models.joint_prediction import joint_prediction
from crossmost.models.scoring import check_cloud_size
from crossmost.sources.cloud_files import cloud_from_columns, read_cloud_file
from crossmost.sources.frames import Axis, Frame
from crossmost.sources.pictures import read_picture, square_picture
from crossmost.sources.point_clouds import canonical_cloud

Cloud = np.ndarray | Path | str
Picture = np.ndarray | Image.Image | Path | str
Item = TypeVar("Item")

IMAGE_SIZE, CLOUD_POINTS, TOWER_POINTS = "rendering.views.image_size", "rendering.clouds.n_points", "zeroshot.n_points"


class Classifier:
    """Classifies clouds and pictures with an adapted (or the zero-shot) model, on a GPU if there is one.

    Objects are prepared as those that the model was adapted to, which its card tells.

    Args:
        checkpoint: the model.
        batch_size: clouds or pictures that are encoded at once.

    Attributes:
        class_names: C names, in the order of the probabilities.

    Raises:
        CrossmostError: if the model is none of this project's, or its card does not say how objects are prepared.
    """

    def __init__(self, checkpoint: Checkpoint, *, batch_size: int = 32) -> None:
        card = checkpoint.card
        self._model = load_joint(checkpoint)
        self._prepared = card.get("prepared", {})
        if absent := [name for name in (IMAGE_SIZE, CLOUD_POINTS, TOWER_POINTS) if name not in self._prepared]:
            raise CrossmostError(
                f"the model's card.json does not say how its objects were prepared ({', '.join(absent)}): an older "
                "version wrote it; make it again with `kedro run --pipelines=zeroshot,selftraining`"
            )
        self._device = scoring_device()
        self._model.to(self._device)
        self._fusion, self._pose = load_fusion(checkpoint), load_pose(checkpoint)
        self._mean, self._std = card["image_mean"], card["image_std"]
        self._batch_size = batch_size
        self.class_names: tuple[str, ...] = tuple(card["class_names"])
        check_cloud_size(self._model.point_tower.config, self._prepared[TOWER_POINTS], card.get("expected_points"))

    @classmethod
    def load(cls, folder: Path | str, *, batch_size: int = 32) -> Classifier:
        """The model in a folder such as `data/06_models/crossmost`, or one that `python -m crossmost export` wrote.

        Raises:
            MissingInputError: if there is none.
            CrossmostError: if it is damaged; see the class.
        """
        return cls(load_checkpoint(Path(folder)), batch_size=batch_size)

    @classmethod
    def load_answer(cls, data_root: Path | str = "data", *, batch_size: int = 32) -> Classifier:
        """The model whose joint prediction is the answer of a run: the adapted or the zero-shot one.

        Of pictures alone, or clouds alone, the adapted model knows more (docs/method.md, "Which joint prediction is the
        answer").

        Args:
            data_root: where the run left its results, e.g. `data/environments/folder`.
            batch_size: see the class.

        Raises:
            MissingInputError: if there is no finished run.
            CrossmostError: if the model is damaged; see the class.
        """
        predictions = Path(data_root) / "07_model_output/predictions.parquet"
        if not predictions.is_file():
            raise MissingInputError(f"There is no finished run in {data_root} ({predictions} is missing)")
        method = str(pd.read_parquet(predictions, columns=["answer_method"])["answer_method"].iloc[0])
        return cls.load(Path(data_root) / "06_models" / method, batch_size=batch_size)

    @torch.inference_mode()
    def classify_clouds(self, clouds: Iterable[Cloud], *, up: Axis = "y", front: Axis | None = None) -> np.ndarray:
        """Class probabilities (B, C) float32 of clouds.

        Args:
            clouds: B files of clouds, or arrays (N, 3 or more) with any N, in any unit: x, y, z and, perhaps, colors,
                as in files. The same cloud gives the same probabilities each time.
            up: the axis that points up, said as it was for the objects adapted to.
            front: the axis that fronts face; None is the usual one for that up axis.

        Raises:
            UnreadableObjectError: if a cloud is empty, not finite, at one place or no cloud; says which.
        """
        frame, channels = Frame(up, front), self._model.point_tower.config.in_channels
        parts = []
        for first, batch in self._batches(clouds):
            prepared = [self._prepared_cloud(cloud, frame, first + row) for row, cloud in enumerate(batch)]
            collection = Collection(
                tuple(map(str, range(len(batch)))),
                np.empty((len(batch), 0, 0, 0, 3), dtype=np.uint8),
                np.stack([points for points, _ in prepared]),
                np.stack([colors for _, colors in prepared]),
            ).posed(self._pose)
            points = collection.tower_clouds(slice(None), self._prepared[TOWER_POINTS], channels)
            parts.append(self._probabilities(self._model.embed_point(torch.from_numpy(points).to(self._device))))
        return self._together(parts)

    @torch.inference_mode()
    def classify_pictures(self, pictures: Iterable[Picture]) -> np.ndarray:
        """Class probabilities (B, C) float32 of pictures; of several views of one object, take the mean.

        Args:
            pictures: B files, PIL images, or arrays (H, W, 3) uint8 RGB. The largest square in the middle is seen;
                what is transparent becomes white, as the background of renders.

        Raises:
            UnreadableObjectError: if one is no picture; says which.
        """
        side = self._model.image_tower.visual.image_size[0]
        parts = []
        for first, batch in self._batches(pictures):
            views = np.stack([self._prepared_picture(picture, first + row) for row, picture in enumerate(batch)])
            images = prepare_views(views, side, self._mean, self._std, self._device)
            parts.append(self._probabilities(self._model.embed_image(images)))
        return self._together(parts)

    def join(self, image_probabilities: np.ndarray, point_probabilities: np.ndarray) -> np.ndarray:
        """Joint class probabilities (B, C) of objects of which there are pictures and clouds, by this model.

        See `load_answer` for the model whose joint prediction is to be taken.

        Args:
            image_probabilities: (B, C), of several views their mean; point_probabilities: (B, C).

        Raises:
            CrossmostError: for arrays of another shape, and for a model that has scored no collection, which does not
                know how images and points are read together.
        """
        shapes = np.shape(image_probabilities), np.shape(point_probabilities)
        if shapes[0] != shapes[1] or len(shapes[0]) != 2 or shapes[0][1] != len(self.class_names):
            raise CrossmostError(
                f"probabilities of images and points must both have a row for each object and {len(self.class_names)} "
                f"columns, but their shapes are {shapes[0]} and {shapes[1]}"
            )
        if self._fusion is None:
            raise CrossmostError(
                "this model does not know how images and points are read together; `kedro run --pipelines=zeroshot` "
                "learns it from the collection"
            )
        image, point = (
            torch.from_numpy(np.asarray(of_one, dtype=np.float32))
            for of_one in (image_probabilities, point_probabilities)
        )
        joint: np.ndarray = joint_prediction(image, point, self._fusion).numpy()
        return joint

    def _batches(self, items: Iterable[Item]) -> Iterator[tuple[int, list[Item]]]:
        """Batches with the number of their first item."""
        iterator, first = iter(items), 0
        while batch := list(islice(iterator, self._batch_size)):
            yield first, batch
            first += len(batch)

    def _prepared_cloud(self, cloud: Cloud, frame: Frame, number: int) -> tuple[np.ndarray, np.ndarray]:
        """(M, 3) float32 points as they are stored, and their colors (M, 3) uint8."""
        try:
            raw = read_cloud_file(Path(cloud)) if isinstance(cloud, Path | str) else cloud_from_columns(cloud)
            canonical = canonical_cloud(raw, frame)
            points, colors = resample_cloud(
                canonical.points, canonical.colors, self._prepared[CLOUD_POINTS], np.random.default_rng(0)
            )
        except UnreadableObjectError as error:
            raise _named(error, cloud, "cloud", number) from error
        return points, np.full(points.shape, GREY, dtype=np.uint8) if colors is None else colors

    def _prepared_picture(self, picture: Picture, number: int) -> np.ndarray:
        """(S, S, 3) uint8, as pictures are stored."""
        try:
            if isinstance(picture, Path | str):
                square = read_picture(Path(picture))
            else:
                square = square_picture(_image(picture) if isinstance(picture, np.ndarray) else picture)
        except (UnreadableObjectError, TypeError, ValueError) as error:
            raise _named(error, picture, "picture", number) from error
        size = self._prepared[IMAGE_SIZE]
        return np.asarray(square.resize((size, size)))

    def _probabilities(self, embeddings: Tensor) -> np.ndarray:
        probabilities: np.ndarray = functional.softmax(self._model.logits(embeddings).cpu(), dim=-1).numpy()
        return probabilities

    def _together(self, parts: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(parts) if parts else np.empty((0, len(self.class_names)), dtype=np.float32)


def _image(pixels: np.ndarray) -> Image.Image:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or not pixels.size:
        raise UnreadableObjectError(
            f"an array of a picture is (H, W, 3) uint8, but this one is {pixels.shape} {pixels.dtype}"
        )
    return Image.fromarray(pixels)


def _named(error: Exception, item: object, kind: str, number: int) -> UnreadableObjectError:
    which = str(item) if isinstance(item, Path | str) else f"{kind} {number}"
    return UnreadableObjectError(f"{which}: {error}")
