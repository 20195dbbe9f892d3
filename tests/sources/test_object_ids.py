"""Ids are unique, the same in every run, and short enough for a store."""

from crossmost.sources.object_ids import LONGEST_ID, UniqueIds


def test_an_identity_that_repeats_gets_ids_of_its_own() -> None:
    ids = UniqueIds()
    taken = [ids.take("a", "a.obj") for _ in range(4)]
    assert len(set(taken)) == 4 and taken[0] == "a"
    again = UniqueIds()
    assert [again.take("a", "a.obj") for _ in range(4)] == taken


def test_a_name_that_looks_like_a_made_id_gets_one_of_its_own() -> None:
    made = UniqueIds()
    made.take("a", "1")
    id_of_second = made.take("a", "2")
    ids = UniqueIds()
    assert len({ids.take(name, identity) for name, identity in ((id_of_second, "0"), ("a", "1"), ("a", "2"))}) == 3


def test_long_names_stay_apart() -> None:
    ids = UniqueIds()
    taken = {ids.take("x" * 200, str(number)) for number in range(20)}
    assert len(taken) == 20 and max(map(len, taken)) <= LONGEST_ID
