import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.motion.toml_lines import KeyLines

TEXT = '''\
title = "a # [ b"   # comment [
long = """
[actions.nod]
x = 1 """
odd = \'\'\'one line [\'\'\'
[actions.nod]       # here [
"quoted key" = 1
keys = [   # not closed "
  [0, 1],
  "]]", [1, 2],
]
dotted . name = { a = 1 }
[ "sp ace" . b ]
c = 2
[[many]]
d = """a""" # """
e = 3
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 1),
        (("long",), 2),
        (("odd",), 5),
        (("actions", "nod"), 6),
        (("actions", "nod", "quoted key"), 7),
        (("actions", "nod", "keys"), 8),
        (("actions", "nod", "keys", 1, 0), 8),
        (("actions", "nod", "dotted"), 12),
        (("actions", "nod", "dotted", "name", "a"), 12),
        (("actions", "nod", "absent"), 6),
        (("sp ace", "b", "c"), 14),
        (("many", "e"), 17),
        (("absent",), None),
    ],
)
def test_a_key_is_found_on_its_line(path: tuple[str | int, ...], line: int | None) -> None:
    tomllib.loads(TEXT)
    assert KeyLines(TEXT).find(path) == line


@given(st.text(alphabet="ab=[]{}\"'#.\n\\ ", max_size=80))
def test_any_text_can_be_scanned(text: str) -> None:
    assert KeyLines(text).find(("nowhere to be found",)) is None
