import zipfile
from pathlib import Path

import laspy
import numpy as np
import pytest

from crossmost.errors import UnreadableObjectError
from crossmost.sources import mesh_files
from crossmost.sources.cloud_files import cloud_from_columns, parse_table, read_cloud_file
from crossmost.sources.mesh_files import read_mesh_file

POINTS = np.random.default_rng(0).normal(size=(40, 3)).round(4)
COLORS = np.random.default_rng(1).integers(0, 256, (40, 3), dtype=np.uint8)
NORMALS = POINTS / np.linalg.norm(POINTS, axis=1, keepdims=True)


def check(path: Path, colored: bool) -> None:
    cloud = read_cloud_file(path)
    np.testing.assert_allclose(cloud.points, POINTS, atol=1e-3)
    if colored:
        assert cloud.colors is not None and cloud.colors.dtype == np.uint8
        np.testing.assert_array_equal(cloud.colors, COLORS)
    else:
        assert cloud.colors is None


def test_numpy_files(tmp_path: Path) -> None:
    np.save(tmp_path / "plain.npy", POINTS.astype(np.float32))
    np.save(tmp_path / "colored.npy", np.hstack([POINTS, COLORS]))
    np.save(tmp_path / "normals.npy", np.hstack([POINTS, NORMALS]))
    np.savez(tmp_path / "named.npz", xyz=POINTS, rgb=COLORS / 255, other=np.zeros(3))
    np.savez(tmp_path / "single.npz", whatever=POINTS)
    check(tmp_path / "plain.npy", False)
    check(tmp_path / "colored.npy", True)
    check(tmp_path / "normals.npy", False)
    check(tmp_path / "named.npz", True)
    check(tmp_path / "single.npz", False)


@pytest.mark.parametrize("separator", [" ", ",", " ; ", "\t"])
@pytest.mark.parametrize("heading", ["", "x y z r g b\n", "// made by a scanner\n40\n"])
def test_text_tables(tmp_path: Path, separator: str, heading: str) -> None:
    lines = [separator.join(map(str, [*point, *color])) for point, color in zip(POINTS, COLORS, strict=True)]
    (tmp_path / "a.xyz").write_text(heading + "\n".join(lines) + "\n\n")
    check(tmp_path / "a.xyz", True)


@pytest.mark.parametrize("separator", [" ", "\t", ";", " ; "])
def test_decimal_commas(tmp_path: Path, separator: str) -> None:
    rows = [
        [*(str(value).replace(".", ",") for value in point), *map(str, color)]
        for point, color in zip(POINTS, COLORS, strict=True)
    ]
    (tmp_path / "a.xyz").write_text("// measured 3,5 times\n" + "\n".join(map(separator.join, rows)))
    check(tmp_path / "a.xyz", True)


@pytest.mark.parametrize("line", ["1,5, 2,5, 3,5", "1,2, 3", "1,234.5 2,345.6 3,456.7", "1,2,3 4,5,6", "1,5 ,5 2,5"])
def test_commas_of_two_meanings_are_refused(line: str) -> None:
    with pytest.raises(UnreadableObjectError, match=r"decimal points or separators; write 1\.5 2\.5 3\.5"):
        parse_table(f"{line}\n" * 3)


@pytest.mark.parametrize(
    "line", ["1,2,3", "1, 2, 3", "1.0,2.0, 3.0", "1 , 2 , 3", "1,2,3,", " 1 2 3 ", "1;2;3;", "1.,2.,3."]
)
def test_commas_that_can_only_separate(line: str) -> None:
    assert parse_table(f"{line}\n" * 3).tolist() == [[1, 2, 3]] * 3


def test_las_files(tmp_path: Path) -> None:
    las = laspy.create(point_format=3, file_version="1.2")
    las.header.offsets, las.header.scales = [0, 0, 0], [1e-4] * 3
    las.x, las.y, las.z = POINTS.T
    las.red, las.green, las.blue = (COLORS.astype(np.uint16) << 8).T
    las.write(str(tmp_path / "a.las"))
    check(tmp_path / "a.las", True)


def test_colors_are_told_from_normals() -> None:
    assert cloud_from_columns(np.hstack([POINTS, NORMALS])).colors is None
    shares = cloud_from_columns(np.hstack([POINTS, np.tile([0.0, 0.5, 1.0], (40, 1))])).colors
    assert shares is not None and shares[0].tolist() == [0, 128, 255]
    assert cloud_from_columns(np.hstack([POINTS, np.full((40, 3), 300.0)])).colors is None


@pytest.mark.parametrize("normal", [(0, 0, 1), (0.577, 0.577, 0.577), (0.6, 0.8, 0)])
@pytest.mark.parametrize("label", [[], [1]])
def test_normals_without_negative_values_are_no_colors(normal: tuple[float, ...], label: list[int]) -> None:
    assert cloud_from_columns(np.hstack([POINTS, np.tile([*normal, *label], (40, 1))])).colors is None


INTENSITY = np.random.default_rng(2).integers(0, 256, (40, 1))


def test_the_intensity_of_scanners_is_no_color(tmp_path: Path) -> None:
    for number, intensity in enumerate((INTENSITY, INTENSITY * 16 - 2048, INTENSITY / 255)):
        np.save(tmp_path / f"{number}.npy", np.hstack([POINTS, intensity, COLORS]))
        check(tmp_path / f"{number}.npy", True)
    shares = cloud_from_columns(np.hstack([POINTS, INTENSITY, COLORS / 255])).colors
    np.testing.assert_array_equal(shares, COLORS)
    plain = COLORS.copy()
    plain[:, 2] = 7  # in a PTS file, the last column is blue even so
    np.savetxt(
        tmp_path / "a.pts",
        np.hstack([POINTS, INTENSITY, plain]),
        "%.4f %.4f %.4f %d %d %d %d",
        header="40",
        comments="",
    )
    np.testing.assert_array_equal(read_cloud_file(tmp_path / "a.pts").colors, plain)


@pytest.mark.parametrize("last", [INTENSITY / 7, INTENSITY % 5, np.full((40, 1), 255), INTENSITY - 300])
def test_what_follows_colors_is_no_color(last: np.ndarray) -> None:
    """A scalar field, a label of parts, an opacity, anything negative."""
    np.testing.assert_array_equal(cloud_from_columns(np.hstack([POINTS, COLORS, last])).colors, COLORS)


def test_not_a_number_is_a_number() -> None:
    assert np.isnan(parse_table("1 2 3\nnan nan nan\n")[1]).all()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.npy", b"no array", "does not begin as an NPY file does"),
        ("a.npz", b"PK\x03\x04", "NPZ archive is cut off"),
        ("a.txt", b"hello\nworld\n", "no line of three or more numbers"),
        ("a.xyz", b"1 2 3\n1 2\n", "differ in length; the first has 3"),
        ("a.xyz", b"1 2 3 4\n1 2\n3 4\n", "differ in length"),
        ("a.xyz", b"\xff\xfe\x00\x01", "no valid XYZ"),
        ("a.las", b"LASF" + bytes(300), "no valid LAS"),
        ("a.pcd", b"", "the file is empty"),
    ],
)
def test_broken_files_have_a_reason(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableObjectError, match=reason):
        read_cloud_file(tmp_path / name)


def test_what_are_no_real_numbers_are_no_coordinates(tmp_path: Path) -> None:
    for kind in (complex, bool, "datetime64[s]"):
        with pytest.raises(UnreadableObjectError, match="expected a table of numbers"):
            cloud_from_columns(np.ones((30, 3)).astype(kind))
    np.savez(tmp_path / "empty.npz")
    with pytest.raises(UnreadableObjectError, match="the arrays are none"):
        read_cloud_file(tmp_path / "empty.npz")


def test_arrays_of_another_shape_are_explained(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3, 2)))
    np.savez(tmp_path / "a.npz", one=POINTS, two=POINTS)
    with pytest.raises(UnreadableObjectError, match=r"table of numbers.*\(3, 2\)"):
        read_cloud_file(tmp_path / "a.npy")
    with pytest.raises(UnreadableObjectError, match="one, two; the points must be called points, xyz"):
        read_cloud_file(tmp_path / "a.npz")


def test_archives_that_unpack_to_too_much_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mesh_files, "MAX_FILE_BYTES", 20_000)
    np.savez_compressed(tmp_path / "a.npz", points=np.zeros((2000, 3)))
    with zipfile.ZipFile(tmp_path / "a.3mf", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", " " * 48_000)
    np.savez_compressed(tmp_path / "fine.npz", points=POINTS)
    for name, read in (("a.npz", read_cloud_file), ("a.3mf", lambda path: read_mesh_file(path, tmp_path))):
        assert (tmp_path / name).stat().st_size < 2000
        with pytest.raises(UnreadableObjectError, match=r"archive unpacks to 48\d{3} bytes; at most 20000"):
            read(tmp_path / name)
    check(tmp_path / "fine.npz", False)


def test_a_pickle_is_never_executed(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return (Path.touch, (tmp_path / "executed",))

    trap = np.empty(1, dtype=object)
    trap[0] = Trap()
    np.save(tmp_path / "a.npy", trap, allow_pickle=True)
    with pytest.raises(UnreadableObjectError, match="holds Python objects, which are not read"):
        read_cloud_file(tmp_path / "a.npy")
    assert not (tmp_path / "executed").exists()
