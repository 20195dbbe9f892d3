"""Book-keeping of a checkpoint's keys: each is taken, or left with a reason, or an error names it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from crossmost.errors import CrossmostError

_SHOWN = 5  # keys that an error names of each kind


@dataclass(frozen=True)
class UnusedKeys:
    """Keys of a checkpoint that are knowingly not read.

    Attributes:
        example: the first of them.
        count: how many.
        reason: why.
    """

    example: str
    count: int
    reason: str


def shapes_of(build: Callable[[], nn.Module]) -> dict[str, torch.Size]:
    """Names and shapes of a module's state, without memory for its weights."""
    with torch.device("meta"):
        return {key: value.shape for key, value in build().state_dict().items()}


class KeyLedger:
    """The keys of one state dict.

    Args:
        tensors: the state dict.
        family: what it is read as, for messages.
        where: the file, for messages.
    """

    def __init__(self, tensors: Mapping[str, Tensor], family: str, where: object) -> None:
        self._tensors = dict(tensors)
        self._family, self._where = family, where
        self._missing: list[str] = []
        self._wrong: list[str] = []
        self._unused: list[UnusedKeys] = []

    def keys(self) -> list[str]:
        """Keys neither taken nor left yet."""
        return list(self._tensors)

    def shape(self, key: str) -> tuple[int, ...]:
        """Shape of a key that sizes are read from.

        Raises:
            CrossmostError: if it is missing, since nothing can be checked without it.
        """
        if key not in self._tensors:
            raise CrossmostError(
                f"{self._where} looks like {self._family} but lacks {key}, which its sizes are read from; "
                "is the download complete?"
            )
        return tuple(self._tensors[key].shape)

    def count_layers(self, prefix: str) -> int:
        """Number of different integers that follow ``prefix``."""
        return len({key[len(prefix) :].split(".")[0] for key in self._tensors if key.startswith(prefix)})

    def take(self, key: str, shape: Sequence[int]) -> Tensor:
        """One tensor; a wrong or missing one is noted and replaced by an empty one until `close` reports it."""
        if key not in self._tensors:
            self._missing.append(key)
            return torch.empty(0)
        tensor = self._tensors.pop(key)
        if tuple(tensor.shape) != tuple(shape):
            self._wrong.append(f"{key} is {list(tensor.shape)}, expected {list(shape)}")
        return tensor

    def take_tower(
        self,
        expected: Mapping[str, torch.Size],
        published: Callable[[str], str],
        optional: tuple[str, ...] = (),
    ) -> dict[str, Tensor]:
        """All tensors of a tower.

        Args:
            expected: shapes by our names.
            published: our name → the name in the file.
            optional: prefixes of our names that the file may lack.
        """
        wanted = {
            key: shape
            for key, shape in expected.items()
            if not key.startswith(optional) or published(key) in self._tensors
        }
        return {key: self.take(published(key), shape) for key, shape in wanted.items()}

    def leave(self, prefixes: tuple[str, ...], reason: str) -> None:
        """Leave all keys with one of the prefixes."""
        left = [key for key in self._tensors if key.startswith(prefixes)]
        for key in left:
            del self._tensors[key]
        if left:
            self._unused.append(UnusedKeys(left[0], len(left), reason))

    def close(self) -> tuple[UnusedKeys, ...]:
        """What was left, and why.

        Raises:
            CrossmostError: if keys are missing, of the wrong shape, or were neither taken nor left.
        """
        problems = [
            f"{len(keys)} {kind} ({', '.join(keys[:_SHOWN])}{', …' if len(keys) > _SHOWN else ''})"
            for kind, keys in (
                ("missing", self._missing),
                ("of the wrong shape", self._wrong),
                ("unknown", list(self._tensors)),
            )
            if keys
        ]
        if problems:
            raise CrossmostError(
                f"{self._where} does not fit {self._family}: of its keys, {'; '.join(problems)}. Nothing was loaded"
            )
        return tuple(self._unused)
