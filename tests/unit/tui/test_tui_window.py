"""Which rows a list holds and asks for, and where its cursor goes."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.window import Place, Window, nearest_survivor


@dataclass(frozen=True)
class Row:
    id: int
    text: str = ""


def ids(*values: int) -> array[int]:
    return array("q", values)


def test_the_cursor_stays_on_its_id_wherever_that_goes() -> None:
    assert nearest_survivor(ids(1, 2, 3), 1, ids(3, 1, 2)) == 2


def test_the_cursor_goes_to_the_next_row_that_is_left_and_else_to_the_one_before() -> None:
    assert nearest_survivor(ids(1, 2, 3, 4), 1, ids(1, 4)) == 1
    assert nearest_survivor(ids(1, 2, 3), 2, ids(1, 2)) == 1
    assert nearest_survivor(ids(1, 2), 0, ids(7, 8)) == 0
    assert nearest_survivor(ids(1, 2), 0, ids()) == 0


@given(st.lists(st.integers(0, 60), unique=True, min_size=1), st.data())
def test_the_survivor_is_the_nearest_one_behind_else_before(old: list[int], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(old) - 1))
    new = data.draw(st.permutations([key for key in old if data.draw(st.booleans())]))
    found = nearest_survivor(ids(*old), place, ids(*new))

    behind = [key for key in old[place:] if key in new]
    before = [key for key in old[:place] if key in new]
    assert not new or new[found] == (behind[0] if behind else before[-1])


def test_visible_rows_are_asked_for_first_and_the_pages_around_them_next() -> None:
    window: Window[Row] = Window()
    everything = array("q", range(100))
    assert window.ask(everything, range(10, 20)) == tuple(range(10, 20))
    assert window.ask(everything, range(50, 60)) == ()  # one request at a time, however fast somebody scrolls
    window.supply([Row(key) for key in range(10, 20)], range(10, 20))
    assert set(window.ask(everything, range(10, 20))) == {*range(10), *range(20, 30)}


def test_nothing_is_asked_for_when_everything_near_is_at_hand() -> None:
    window: Window[Row] = Window()
    everything = array("q", range(30))
    window.supply([Row(key) for key in everything], everything)
    assert window.ask(everything, range(10, 20)) == ()
    assert not window.is_asking


def test_a_row_that_does_not_exist_is_not_asked_for_for_ever() -> None:
    window: Window[Row] = Window()
    assert window.ask(ids(1, 2), range(2)) == (1, 2)
    assert window.supply([Row(1)], (1, 2)) == {1}
    assert window.ask(ids(1, 2), range(2)) == ()
    window.expire()
    assert set(window.ask(ids(1, 2), range(2))) == {1, 2}


def test_an_expired_row_stays_until_the_new_one_is_there_and_only_a_change_counts_as_one() -> None:
    window: Window[Row] = Window()
    window.supply([Row(1, "a"), Row(2, "a")], (1, 2))
    version = window.version(1)
    window.expire()
    assert window.get(1) == Row(1, "a")
    assert window.supply([Row(1, "a"), Row(2, "b")], (1, 2)) == {2}
    assert window.version(1) == version


def test_what_is_held_is_bounded() -> None:
    window: Window[Row] = Window(kept=50)
    for start in range(0, 1000, 10):
        window.supply([Row(key) for key in range(start, start + 10)], range(start, start + 10))
    assert sum(window.get(key) is not None for key in range(1000)) == 50
    assert window.get(999) is not None


def test_the_bracket_of_a_group() -> None:
    assert Place.of(joins_above=False, joins_below=False) is Place.ALONE
    assert Place.of(joins_above=False, joins_below=True) is Place.FIRST
    assert Place.of(joins_above=True, joins_below=True) is Place.MIDDLE
    assert Place.of(joins_above=True, joins_below=False) is Place.LAST
