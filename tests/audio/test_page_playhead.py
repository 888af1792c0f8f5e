"""Which reports of a page are believed, which are only late."""

from avatar_bridge.audio.page_playhead import PagePlayhead


def dried_up() -> PagePlayhead:
    """Return a playhead whose page was heard from 10.0 on, ran dry at 12.0 and got more audio at 13.0."""
    playhead = PagePlayhead(paged=True)
    playhead.write(10.0, 2.0)
    assert playhead.report(10.05, 10.02) == "taken"
    assert playhead.heard(13.0) == 2.0
    playhead.write(13.0, 2.0)
    return playhead


def test_a_report_from_before_a_dry_spell_is_late_and_no_lie() -> None:
    playhead = dried_up()
    assert playhead.heard(13.4) > 2.0, "the wall clock has gone on without the page"
    assert playhead.report(13.5, 10.02) == "stale"
    assert playhead.report(13.6, 11.06) == "taken"


def test_the_same_report_long_afterwards_is_a_lie() -> None:
    playhead = dried_up()
    playhead.heard(13.4)
    assert playhead.report(15.5, 10.02) == "impossible"


def test_nothing_was_heard_before_it_was_written() -> None:
    playhead = dried_up()
    playhead.heard(13.4)
    assert playhead.report(13.5, 9.0) == "impossible"
