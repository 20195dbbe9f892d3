import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmost.errors import CrossmostError
from crossmost.shards import Sample, decode_array, encode_array, read_sample, read_shard, write_shard

keys = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True)
members = st.dictionaries(
    st.sampled_from(["json", "glb", "points.npy", "view00.png"]), st.binary(max_size=2000), min_size=1
)


@given(st.dictionaries(keys, members, max_size=6))
def test_what_is_written_is_read_back_in_order(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, dict[str, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("shard") / "a.tar"
    samples = [Sample(key, value) for key, value in content.items()]
    assert write_shard(path, samples) == len(samples)
    assert list(read_shard(path)) == samples
    for sample in samples:
        assert read_sample(path, sample.key) == sample


def test_other_members_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    large = {"glb": b"x" * 1_000_000}
    write_shard(path, [Sample("a", {"json": b"1", **large}), Sample("b", large), Sample("c", {"json": b"3", **large})])
    found = list(read_shard(path, ("json",)))
    assert found == [Sample("a", {"json": b"1"}), Sample("b", {}), Sample("c", {"json": b"3"})]
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 600_000)
    with pytest.raises(CrossmostError, match="damaged"):
        list(read_shard(path, ("json",)))


def test_same_samples_give_the_same_bytes(tmp_path: Path) -> None:
    samples = [Sample("a", {"b": b"1", "a": b"2"}), Sample("b", {"c": b"3"})]
    write_shard(tmp_path / "one.tar", samples)
    write_shard(tmp_path / "two.tar", [Sample("a", {"a": b"2", "b": b"1"}), samples[1]])
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


@pytest.mark.parametrize("key", ["", "A", "a.b", "../a", "a/b", "-a", "ä"])
def test_a_forbidden_key_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(CrossmostError, match="not allowed"):
        write_shard(tmp_path / "a.tar", [Sample(key, {"json": b""})])
    assert list(tmp_path.iterdir()) == []


def test_a_repeated_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CrossmostError, match="occurs twice"):
        write_shard(tmp_path / "a.tar", [Sample("a", {"json": b""})] * 2)


def test_a_failing_stream_of_samples_leaves_nothing(tmp_path: Path) -> None:
    def samples() -> Iterator[Sample]:
        yield Sample("a", {"json": b"1"})
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError):
        write_shard(tmp_path / "a.tar", samples())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd.json", "a/b.json", "..json"])
def test_a_hostile_member_name_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        header = tarfile.TarInfo(name)
        header.size = 1
        archive.addfile(header, io.BytesIO(b"x"))
    with pytest.raises(CrossmostError, match="no shard may hold"):
        list(read_shard(path))


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        header = tarfile.TarInfo("a.json")
        header.type, header.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(header)
    with pytest.raises(CrossmostError, match="not a plain file"):
        list(read_shard(path))
    with pytest.raises(CrossmostError, match="not a plain file"):
        read_sample(path, "a")


def test_a_damaged_shard_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    write_shard(path, [Sample("a", {"json": b"x" * 5000})])
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(CrossmostError, match="rerun"):
        list(read_shard(path))
    path.write_bytes(b"no tar at all" * 100)
    with pytest.raises(CrossmostError, match="damaged"):
        list(read_shard(path))


def test_pickled_arrays_are_refused() -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="pickle"):
        decode_array(buffer.getvalue())
    assert decode_array(encode_array(np.eye(2)[:, ::-1])).tolist() == [[0, 1], [1, 0]]
