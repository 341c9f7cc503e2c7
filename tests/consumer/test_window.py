"""The window against the plain list of events that it stands for."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.window import Counts, Window

SECONDS = 5
events = st.lists(st.tuples(st.floats(min_value=0, max_value=3), st.booleans()), max_size=60)


def test_an_event_counts_for_its_second_and_the_four_after_it() -> None:
    window = Window(SECONDS)
    window.add(True, 100.9)
    window.add(False, 101.0)
    assert window.counts(104.99) == Counts(good=1, bad=1)
    assert window.counts(105.0) == Counts(good=0, bad=1)
    assert window.counts(106.0) == Counts(good=0, bad=0)


@given(events=events)
def test_it_holds_what_a_list_of_all_events_would(events: list[tuple[float, bool]]) -> None:
    window, kept, now = Window(SECONDS), [], 0.0
    for step, good in events:
        now += step
        window.add(good, now)
        kept.append((int(now), good))
        recent = [good for second, good in kept if second > int(now) - SECONDS]
        assert window.counts(now) == Counts(good=recent.count(True), bad=recent.count(False))
