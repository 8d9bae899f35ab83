"""Series from text files: what is written comes back, what isn't a number is named."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycwtd_console.ctl.series import read_series
from pycwtd_console.ctl.session import InputError

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(NUMBERS, min_size=width, max_size=width), min_size=1, max_size=12
    )
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("series")


def write(folder, text: str) -> str:
    path = folder / "file.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def written(table, delimiter: str, names: list[str] | None) -> str:
    """The table as Python's own csv module, or a plain join, writes it."""
    rows = [*([names] if names else []), *([repr(x) for x in row] for row in table)]
    if delimiter == " ":
        return "\n".join("   ".join(row) for row in rows)
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()


@given(
    table=TABLES,
    delimiter=st.sampled_from([",", ";", "\t", " "]),
    named=st.booleans(),
    comment=st.sampled_from(["", "# written by hand\n\n", "% 1, 2, 3\n", "\ufeff"]),
    data=st.data(),
)
def test_what_was_written_is_read(folder, *, table, delimiter, named, comment, data):
    width = len(table[0])
    names = [f"column {i}" if delimiter != " " else f"column_{i}" for i in range(width)]
    path = write(folder, comment + written(table, delimiter, names if named else None))
    index = data.draw(st.integers(0, width - 1))
    column = [row[index] for row in table]
    assert read_series(f"{path}:{index + 1}") == column
    assert read_series(path, str(index + 1)) == column
    if named:
        assert read_series(path, names[index]) == column
    if width <= 2:
        assert read_series(path) == [row[-1] for row in table]


@given(
    table=TABLES,
    bad=st.sampled_from(["", "x", "n/a", "nan", "NaN", "inf", "-inf", "1e999", "1_000", "0x10"]),
    data=st.data(),
)
def test_no_bad_cell_passes(folder, table, bad, data):
    column = data.draw(st.integers(0, len(table[0]) - 1))
    line = data.draw(st.integers(1, len(table)))
    cells = [[repr(x) for x in row] for row in table]
    cells[line - 1][column] = bad
    # Behind names, so that a bad first line can't be taken for them.
    text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in cells)
    names = ",".join(f"c{i}" for i in range(len(table[0])))
    path = write(folder, f"{names}\n{text}\n")
    with pytest.raises(InputError) as caught:
        read_series(path, str(column + 1))
    assert f"{path}, line {line + 1}: " in caught.value.message
    assert not bad or bad in caught.value.message


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", None, "is empty"),
        ("\n# nothing\n\n", None, "is empty"),
        ("year,ice\n", None, "has a header, but no values"),
        ("a,b,c\n1,2,3\n", None, "has 3 columns (a, b, c); say which one"),
        ("1 2 3\n4 5 6\n", None, "has 3 columns (1 to 3); say which one"),
        ("1,2\n3,4\n", "3", "has no column '3'; its columns: 1 to 2"),
        ("1,2\n3,4\n", "0", "has no column '0'"),
        ("year,ice\n1,2\n", "snow", "has no column 'snow'; its columns: year, ice"),
        ("ice,ice\n1,2\n", "ice", "has several columns 'ice'"),
        ("1,2\n3\n", None, "line 2: has 1 columns, not 2"),
        ("n/a\n1\n2\n", None, "line 1: 'n/a' isn't a number"),
        ("1851,x\n1852,2\n", None, "line 1: 'x' isn't a number"),
        ("t,x\n\n# a gap\n1,2\n2,\n", None, "line 5: a value is missing"),
        ("1851;0,5\n1852;0,6\n", None, "line 1: '0,5' isn't a number"),
    ],
)
def test_bad_files(folder, text, column, message):
    with pytest.raises(InputError) as caught:
        read_series(write(folder, text), column)
    assert message in caught.value.message


def test_a_column_whose_name_is_a_number(folder):
    path = write(folder, "year,1\n2,10\n3,20\n")
    # The first line has a number, so it isn't taken for names.
    with pytest.raises(InputError, match="line 1: 'year' isn't a number"):
        read_series(path, "1")
    assert read_series(path, "2") == [1.0, 10.0, 20.0]


def test_a_colon_in_the_name_of_a_file(folder):
    path = folder / "a:1"
    path.write_text("5\n6\n")
    assert read_series(str(path)) == [5.0, 6.0]


def test_files_that_cannot_be_read(folder):
    with pytest.raises(InputError, match="can't be read: No such file"):
        read_series(str(folder / "none.csv"))
    with pytest.raises(InputError, match="can't be read: Is a directory"):
        read_series(str(folder))
    binary = folder / "binary"
    binary.write_bytes(b"\x93NUMPY\xff\xfe")
    with pytest.raises(InputError, match="isn't a text file"):
        read_series(str(binary))


def test_missing_samples_where_they_may_be(folder):
    """Every mark of a missing value, and no other text, is one."""
    path = write(folder, "t,x\n1,1.5\n2,\n3,NA\n4,nan\n5,?\n6,2.5\n")
    assert read_series(path, "x", gaps=True) == [1.5, None, None, None, None, 2.5]
    with pytest.raises(InputError, match="line 3: a value is missing; --gaps says what to do"):
        read_series(path, "x")
    with pytest.raises(InputError, match="line 2: 'nan' isn't a number; --gaps says"):
        read_series(write(folder, "1.0\nnan\n"))
    for bad in ("x1", "inf"):
        with pytest.raises(InputError, match="line 2"):
            read_series(write(folder, f"1.0\n{bad}\n"), gaps=True)
