"""Texts that a spreadsheet would compute are written behind an apostrophe and come back."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solobox.cells import guarded, unguarded


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "'=", "''@"])
def test_a_text_that_would_be_computed_is_written_behind_an_apostrophe(first: str) -> None:
    text = f"{first}cmd|' /C calc'!A0"
    assert guarded([text]) == [f"'{text}"]
    assert unguarded({"class": f"'{text}"}) == {"class": text}


@pytest.mark.parametrize("cell", ["-1.25", "+3", "-1e-05", ".5", "-inf", "nan", -1.5, 0, None])
def test_numbers_stay_as_they_are(cell: object) -> None:
    assert guarded([cell]) == [cell]
    assert unguarded({"x": cell}) == {"x": cell}


@pytest.mark.parametrize("cell", ["cat", "a=b.jpg", "'quoted'", "", "it's", "x-ray"])
def test_harmless_texts_stay_as_they_are(cell: str) -> None:
    assert guarded([cell]) == [cell]
    assert unguarded({"x": cell}) == {"x": cell}


@given(st.lists(st.text(alphabet="'=+-@\t\r\nab1.;,\"") | st.text(), min_size=1))
def test_every_text_comes_back_from_a_file(texts: list[str]) -> None:
    file = io.StringIO(newline="")
    names = [str(number) for number in range(len(texts))]
    csv.writer(file).writerows([names, guarded(texts)])
    file.seek(0)
    (row,) = csv.DictReader(file)
    assert list(unguarded(row).values()) == texts
