"""No key of a checkpoint disappears without a word."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossmost.errors import CrossmostError
from crossmost.models.checkpoints.ledger import KeyLedger

NAMES = st.sampled_from(["a.weight", "a.bias", "b.weight", "b.bias", "frozen.weight", "frozen.bias", "scale"])
SHAPES = st.sampled_from([(2,), (3,), (2, 3)])


@given(found=st.dictionaries(NAMES, SHAPES), expected=st.dictionaries(NAMES, SHAPES))
def test_it_closes_exactly_when_everything_fits(
    found: dict[str, tuple[int, ...]], expected: dict[str, tuple[int, ...]]
) -> None:
    expected = {key: shape for key, shape in expected.items() if not key.startswith("frozen.")}
    ledger = KeyLedger({key: torch.zeros(shape) for key, shape in found.items()}, "a family", "file.pt")
    taken = ledger.take_tower({key: torch.Size(shape) for key, shape in expected.items()}, lambda key: key)
    ledger.leave(("frozen.",), "frozen")
    frozen = [key for key in found if key.startswith("frozen.")]
    missing = set(expected) - set(found)
    unknown = set(found) - set(expected) - set(frozen)
    wrong = {key for key in set(found) & set(expected) if found[key] != expected[key]}
    if missing or unknown or wrong:
        with pytest.raises(CrossmostError) as caught:
            ledger.close()
        for kind, keys in (("missing", missing), ("unknown", unknown), ("of the wrong shape", wrong)):
            assert (f"{len(keys)} {kind}" in str(caught.value)) == bool(keys)
            assert all(key in str(caught.value) for key in list(keys)[:1])
    else:
        assert sum(unused.count for unused in ledger.close()) == len(frozen)
        assert {key: tuple(tensor.shape) for key, tensor in taken.items()} == expected
