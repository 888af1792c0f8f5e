import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from avatar_bridge.core.script.boundaries import Joint, after_stop
from avatar_bridge.core.script.segmenter import Segmenter
from avatar_bridge.core.vocabulary import Cue, Diagnostic, Pause, Release, ScriptEvent, Segment, Text

CORPORA = Path(__file__).parents[3] / "benchmarks" / "corpora"
REPLIES = [
    json.loads(line)["marked"].replace("|", "")
    for name in ("a", "a_long", "b", "c")
    for line in (CORPORA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
]
HOSTILE = st.text(
    alphabet=st.sampled_from("aB1 .,!?:;\"'()“”«»「」。、！はが日本的了안녕고 \n…—-e.g.$€\u3000"), max_size=300
)
MIXED = st.lists(st.sampled_from(REPLIES), max_size=3).map(" ".join)
ANY_TEXT = st.one_of(MIXED, HOSTILE, st.text(max_size=120))


def cut(text: str, sizes: Sequence[int] = (), unheard: Iterable[float] = ()) -> list[Segment]:
    """Segment `text` in pieces of the given sizes (cycled; whole without any), `unheard` being told at the start."""
    segmenter = Segmenter()
    for value in unheard:
        segmenter.hear(value)
    at, turn = 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)] if sizes else len(text)
        segmenter.feed(Text(at, text[at : at + size], at, text[at : at + size]))
        at, turn = at + size, turn + 1
    segmenter.close()
    return segmenter.segments()


def texts(text: str) -> list[str]:
    return [segment.text for segment in cut(text)]


def assert_covers(segments: list[Segment], text: str) -> None:
    end = 0
    for index, segment in enumerate(segments):
        assert segment.index == index
        assert text[segment.at : segment.at + len(segment.text)] == segment.text
        assert not text[end : segment.at].strip()
        assert segment.final == (index == len(segments) - 1)
        assert segment.text or segment.final
        end = segment.at + len(segment.text)
    assert not text[end:].strip()


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT, st.lists(st.integers(1, 9), min_size=1, max_size=5), st.sampled_from([(), (0.0,), (1.7,), (30.0,)]))
def test_the_way_the_text_is_chunked_does_not_show(text: str, sizes: list[int], unheard: tuple[float, ...]) -> None:
    whole = cut(text, unheard=unheard)
    assert cut(text, [1], unheard) == whole
    assert cut(text, sizes, unheard) == whole


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT)
def test_segments_are_slices_that_cover_the_speech_in_order(text: str) -> None:
    assert_covers(cut(text), text)


@settings(max_examples=100, deadline=None)
@given(MIXED, st.lists(st.tuples(st.integers(1, 40), st.sampled_from([0.0, 0.4, 1.5, 6.0])), min_size=1, max_size=30))
def test_whatever_is_heard_nothing_is_lost(text: str, steps: list[tuple[int, float]]) -> None:
    segmenter, made, at = Segmenter(), [], 0
    for turn in range(len(text)):
        size, unheard = steps[turn % len(steps)]
        segmenter.feed(Text(at, text[at : at + size], at, text[at : at + size]))
        at += size
        segmenter.hear(unheard)
        made += segmenter.segments()
        if at >= len(text):
            break
    segmenter.close()
    assert_covers(made + segmenter.segments(), text)


@settings(max_examples=100, deadline=None)
@given(ANY_TEXT, st.sampled_from([0.0, 1.7, 30.0]))
@example("one two three four five six seven eight nine ten", 0.0)
def test_what_is_heard_after_the_close_says_nothing_twice(text: str, unheard: float) -> None:
    segmenter = Segmenter()
    segmenter.feed(Text(0, text, 0, text))
    segmenter.close()
    assert segmenter.segments()[-1].final
    for _ in range(3):
        segmenter.hear(unheard, idle=1.0)
        assert segmenter.segments() == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(MIXED, st.sampled_from([0.2, 1.0, 2.5])), max_size=6), st.integers(1, 7))
def test_pauses_are_kept_and_stand_at_word_boundaries(items: list[str | float], size: int) -> None:
    def run(step: int) -> list[Segment]:
        segmenter, at = Segmenter(), 0
        for item in items:
            if isinstance(item, float):
                segmenter.feed(Pause(at, item))
                continue
            for start in range(0, len(item), step):
                piece = item[start : start + step]
                segmenter.feed(Text(at, piece, at, piece))
                at += len(piece)
        segmenter.close()
        return segmenter.segments()

    segments = run(size)
    assert segments == run(10_000)
    assert_covers(segments, "".join(item for item in items if isinstance(item, str)))
    assert sum(segment.pause for segment in segments) == pytest.approx(sum(i for i in items if isinstance(i, float)))


@settings(max_examples=100, deadline=None)
@given(ANY_TEXT, st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.2, 1.0])), max_size=4), st.integers(1, 7))
def test_a_pause_stands_at_its_place_or_after_the_word_there(
    text: str, rests: list[tuple[float, float]], size: int
) -> None:
    pauses = sorted((int(share * len(text)), duration) for share, duration in rests)

    def run(step: int) -> list[Segment]:
        segmenter, at = Segmenter(), 0
        for offset, duration in [*pauses, (len(text), 0.0)]:
            while at < offset:
                piece = text[at : min(at + step, offset)]
                segmenter.feed(Text(at, piece, at, piece))
                at += len(piece)
            if duration:
                segmenter.feed(Pause(offset, duration))
        segmenter.close()
        return segmenter.segments()

    segments = run(size)
    assert segments == run(10_000)
    assert_covers(segments, text)
    assert sum(segment.pause for segment in segments) == pytest.approx(sum(duration for _, duration in pauses))


def test_a_pause_between_ideographs_cuts_there() -> None:
    made = feed_all(Text(0, "今日は天気", 0, ""), Pause(5, 1.0), Text(5, "がいいですね。", 5, ""))
    assert [(s.text, s.pause) for s in made] == [("今日は天気", 0.0), ("がいいですね。", 1.0)]


def test_a_pause_inside_a_katakana_word_waits_for_its_end() -> None:
    made = feed_all(Text(0, "今日はスー", 0, ""), Pause(5, 1.0), Text(5, "パーに行く。", 5, ""))
    assert [(s.text, s.pause) for s in made] == [("今日はスーパー", 0.0), ("に行く。", 1.0)]


def feed_all(*events: ScriptEvent) -> list[Segment]:
    segmenter = Segmenter()
    for event in events:
        segmenter.feed(event)
    segmenter.close()
    return segmenter.segments()


def test_a_pause_cuts_where_it_stands_and_precedes_the_next_segment() -> None:
    made = feed_all(Text(0, "Wait for ", 0, ""), Pause(9, 1.5), Text(9, "it now.", 9, ""))
    assert [(s.text, s.pause, s.at) for s in made] == [("Wait for", 0.0, 0), ("it now.", 1.5, 9)]


def test_a_pause_inside_a_word_waits_for_its_end() -> None:
    made = feed_all(Text(0, "Abso", 0, ""), Pause(4, 1.0), Text(4, "lutely, yes.", 4, ""))
    assert [(s.text, s.pause) for s in made] == [("Absolutely,", 0.0), ("yes.", 1.0)]


def test_pauses_at_the_ends_are_kept() -> None:
    made = feed_all(Pause(0, 0.5), Text(0, "Hello.", 0, ""), Pause(6, 0.7), Pause(6, 0.3))
    assert [(s.text, s.pause, s.final) for s in made] == [("Hello.", 0.5, False), ("", 1.0, True)]


def test_a_pause_after_white_space_lets_the_text_before_it_go_at_once() -> None:
    segmenter = Segmenter()
    segmenter.feed(Text(0, "Hold on. ", 0, ""))
    assert segmenter.segments() == []
    segmenter.feed(Pause(9, 2.0))
    assert [s.text for s in segmenter.segments()] == ["Hold on."]


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_an_empty_speech_is_one_final_empty_segment(text: str) -> None:
    assert [(s.text, s.final, s.pause) for s in cut(text)] == [("", True, 0.0)]


def test_other_events_are_ignored_and_feeding_after_close_is_an_error() -> None:
    segmenter = Segmenter()
    for event in (Cue(0, "wave", 0), Release(0, "smile", 0), Diagnostic("?")):
        segmenter.feed(event)
    segmenter.close()
    segmenter.close()
    assert len(segmenter.segments()) == 1
    with pytest.raises(ValueError, match="closed"):
        segmenter.feed(Text(0, "x", 0, "x"))
    with pytest.raises(ValueError, match="rate must be more than 0"):
        Segmenter(rate=0)


TOGETHER = [
    "3.14",
    "1,234.56",
    "1.234,56",
    "1 234",
    "Dr. Smith",
    "Mr. J. R. R. Tolkien",
    "e.g. cats",
    "U.S. Army",
    "No. 5",
    "Nr. 7",
    "z. B. Katzen",
    "p. ej. gatos",
    "M. Dupont",
    "Sra. López",
    "usw. und so",
    "bzw. die",
    "am 3. Mai",
    "May 3, 2024",
    "Tuesday, March 4",
    "10:30 p.m. on",
    "$1,200.50",
    "12,50 €",
    "https://example.com/a,b?c=d.e",
    "someone@example.org",
    "wait... what",
    "v2.10.4",
    "Ludwig XIV. von",
    '"never. Again, ever"',
    "«tu vas, y arriver»",
    "“one, two. Three”",
    "(one, two. Three)",
]


@pytest.mark.parametrize("group", TOGETHER)
@pytest.mark.parametrize("frame", ["{}", "I told you about {} already", "Well, the thing is that {}"])
@pytest.mark.parametrize("unheard", [0.0, 1.5, 20.0])
def test_groups_that_are_spoken_together_are_not_cut(group: str, frame: str, unheard: float) -> None:
    text = frame.format(group)
    if "..." in group:
        group = "wait..."
    start, end = text.index(group), text.index(group) + len(group)
    assert not [s.text for s in cut(text, [1], [unheard]) if start < s.at < end]


@pytest.mark.parametrize(
    "text", ["1. Open the box.", "Do this:\n1. Open it.\n2. Shut it.", "Two steps: a. Open it. b. Shut it."]
)
def test_list_numbers_stay_with_their_items(text: str) -> None:
    assert not [s.text for s in cut(text) if s.text.endswith(("1.", "2.", "a.", "b."))]


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("「早く寝なさい。もう夜だよ」と母は言った。", "。もう"),
        ("標高は3,776.24メートルです。2013年に登録されました。", "3,|3,776.|年"),
        ("他说：“你好。很高兴认识你，真的。”然后就走了。", "你好。|认识你，"),
        ("このプレゼントはスーパーマーケットで買いました。", "スー|スーパー"),
    ],
)
def test_unspaced_scripts_are_not_cut_inside_quotes_numbers_or_words(text: str, never: str) -> None:
    ends = [segment.text for segment in cut(text, [1])]
    assert not [end for end in ends for bad in never.split("|") if end.endswith(bad)]


def test_the_first_piece_is_a_clause_and_no_scrap() -> None:
    assert texts("Well, that depends on you, I think. We could go now.")[0] == "Well, that depends on you,"
    assert texts("Hi! How are you doing? I am fine.")[0] == "Hi! How are you doing?"
    assert texts("Yes.") == ["Yes."]
    assert texts("そうだね、それはちょっと難しいなあ。")[0] == "そうだね、"


def test_an_undecided_stop_waits_for_what_follows() -> None:
    segmenter = Segmenter()
    segmenter.feed(Text(0, "I paid them 3.", 0, ""))
    segmenter.hear(0.0)
    assert segmenter.segments() == []
    segmenter.feed(Text(14, "50 for it. Then", 14, ""))
    segmenter.feed(Text(29, " I left", 29, ""))
    assert [s.text for s in segmenter.segments()] == ["I paid them 3.50 for it."]


LONG = "Here is a sentence. It is followed by another one. And then comes a third one, with a clause. " * 6


def test_much_unheard_audio_makes_longer_pieces_of_whole_sentences() -> None:
    hurried: list[Segment] = []
    relaxed: list[Segment] = []
    for unheard, made in ((0.0, hurried), (8.0, relaxed)):
        segmenter = Segmenter()
        for at in range(0, len(LONG), 4):
            segmenter.hear(unheard)
            segmenter.feed(Text(at, LONG[at : at + 4], at, ""))
            made += segmenter.segments()
    assert all(len(s.text) > 90 and s.text.endswith(".") for s in relaxed[1:])
    assert max(len(s.text) for s in relaxed) <= 250
    assert len(hurried) > 2 * len(relaxed)


def test_a_low_reserve_takes_a_clause_and_an_ample_one_waits_for_the_sentence() -> None:
    whole = "Then we walk down to the river, because the boat is waiting there, and cross it before dusk."
    for unheard, expected in ((0.7, "Then we walk down to the river,"), (2.0, whole)):
        segmenter = Segmenter()
        segmenter.feed(Text(0, "I see it. ", 0, ""))
        segmenter.feed(Pause(10, 0.1))
        segmenter.hear(unheard)
        segmenter.segments()
        segmenter.hear(unheard)
        segmenter.feed(Text(10, whole + " So you see it all now", 10, ""))
        assert segmenter.segments()[0].text == expected


def test_pieces_on_their_way_count_as_reserve() -> None:
    text = "This is the first sentence. " + "We go on, " * 3 + "and then it ends here. " + "And so on, " * 10
    made = texts(text)
    assert made[:2] == ["This is the first sentence.", "We go on, We go on, We go on, and then it ends here."]


def test_a_number_that_opens_a_line_is_no_sentence() -> None:
    assert after_stop("12.", "", "Z", fresh=True) is Joint.NONE
    assert after_stop("12.", "room", "Z", fresh=False) is Joint.SENTENCE


def test_hearing_alone_releases_a_held_sentence() -> None:
    segmenter = Segmenter()
    text = "Here is the first one. This sentence is held because there is enough audio. And this"
    segmenter.hear(9.0)
    segmenter.feed(Text(0, text, 0, text))
    assert [s.text for s in segmenter.segments()] == ["Here is the first one."]
    segmenter.hear(0.4)
    assert [s.text for s in segmenter.segments()] == ["This sentence is held because there is enough audio."]


def test_a_stalled_stream_lets_a_complete_sentence_go() -> None:
    segmenter = Segmenter()
    segmenter.feed(Text(0, "Let me check that.", 0, ""))
    segmenter.hear(0.0, idle=0.1)
    assert segmenter.segments() == []
    segmenter.hear(0.0, idle=1.0)
    assert [s.text for s in segmenter.segments()] == ["Let me check that."]
    segmenter.feed(Text(18, " Done!", 18, ""))
    segmenter.close()
    assert [(s.text, s.at, s.final) for s in segmenter.segments()] == [("Done!", 19, True)]


@pytest.mark.parametrize("text", ["ちょっと待ってね。", "Wait here. ", "Attends !"])
def test_a_stalled_stream_settles_every_script(text: str) -> None:
    segmenter = Segmenter()
    segmenter.feed(Text(0, text, 0, ""))
    segmenter.hear(0.0, idle=1.0)
    assert [s.text for s in segmenter.segments()] == [text.strip()]


@pytest.mark.parametrize("text", ["I met Dr.", "It costs 3.", "and then we"])
def test_a_stalled_stream_does_not_break_what_may_go_on(text: str) -> None:
    segmenter = Segmenter()
    segmenter.feed(Text(0, text, 0, ""))
    segmenter.hear(0.0, idle=5.0)
    assert segmenter.segments() == []


@pytest.mark.parametrize("unit", ["a", "日", "あ", "한", ", ", "word ", "(", '"', ".", "\n"])
def test_endless_text_is_cut_and_never_piles_up(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    segments = cut(text)
    assert_covers(segments, text)
    assert max(len(s.text) for s in segments) <= 700


def test_the_rate_scales_the_estimate() -> None:
    segmenter = Segmenter(rate=10)
    assert segmenter.duration("a" * 20) == pytest.approx(2.0)
    assert segmenter.duration("日本") == pytest.approx(0.4)
    segmenter.rate = 20
    assert segmenter.duration("a" * 20) == pytest.approx(1.0)
