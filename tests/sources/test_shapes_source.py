import pytest

from crossmost.errors import CrossmostError
from crossmost.shards import decode_json
from crossmost.sources import make_object_sample
from crossmost.sources.shapes_source import ShapesSource


def test_each_class_gets_its_objects() -> None:
    source = ShapesSource(3, class_names=("chair", "cup"))
    objects = list(source.objects())
    assert [raw.class_name for raw in objects] == ["chair", "cup"] * 3
    assert len({raw.object_id for raw in objects}) == 6 == len({raw.sha256 for raw in objects})


def test_an_object_is_the_same_each_time() -> None:
    raw = next(iter(ShapesSource(1, class_names=("table",)).objects()))
    first, second = make_object_sample(raw), make_object_sample(raw)
    assert first == second
    assert decode_json(first.members["json"])["n_faces"] > 0


def test_an_unknown_class_is_named() -> None:
    with pytest.raises(CrossmostError, match=r"'spoon'.*allowed: "):
        ShapesSource(1, class_names=("spoon",))
