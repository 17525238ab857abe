"""The reader: one hostile document a row, and nothing but `Invalid` out of arbitrary bytes."""

import subprocess
import sys
from typing import Any

import pytest
from generated import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zenprofile.core.change import same
from zenprofile.core.document import events, reader, writer
from zenprofile.core.document.parse_error import ParseError
from zenprofile.core.document.positions import Positions
from zenprofile.errors import Invalid

DEEP = "a: " + "[" * 64
# case, document, line, column, code, a part of the message
REFUSED: list[tuple[str, str | bytes, int, int, str, str]] = [
    ("Y1", "a: 1\nb: !!python/object/apply:os.system [id]\n", 2, 4, "tag", "the tag 'tag:yaml.org,2002:python/object"),
    ("Y1", "a: !!python/name:os.system\n", 1, 4, "tag", "the tag"),
    ("Y1", "!!map {a: 1}\n", 1, 1, "tag", "the tag"),
    ("Y1", "a: ! 12\n", 1, 4, "tag", "the tag '!' is not allowed"),
    ("Y1", "!k a: 1\n", 1, 1, "tag", "the tag '!k'"),
    ("Y1", "a:\n  - !x {b: 1}\n", 2, 5, "tag", "the tag '!x'"),
    ("Y1", "# c\n%TAG !e! tag:example.com,2000:\n---\na: 1\n", 2, 1, "tag", "tags are not read"),
    ("Y1", "%YAML 1.2\n%TAG ! tag:example.com,2000:\n---\na: 1\n", 2, 1, "tag", "tags are not read"),
    ("Y2", "a: &x [1]\nb: *x\n", 1, 4, "alias", "an anchor is not allowed"),
    ("Y2", "a: *x\n", 1, 4, "alias", "an alias is not allowed"),
    ("Y2", "*x : 1\n", 1, 1, "alias", "an alias is not allowed"),
    ("Y2", "&x a: 1\n", 1, 1, "alias", "an anchor is not allowed"),
    ("Y2", "&x {a: 1}\n", 1, 1, "alias", "an anchor is not allowed"),
    ("Y2", "a: 1\n<<: {b: 2}\n", 2, 1, "key", "the key '<<' is not text"),
    ("Y3", "a: &a [*a]\n", 1, 4, "alias", "an anchor is not allowed"),
    ("Y4", DEEP, 1, 67, "too-deep", "nested more than 64 deep"),
    ("Y4", "a: " + "[" * 200_000, 1, 67, "too-deep", "nested more than 64 deep"),
    ("Y4", "{a: " * 65, 1, 257, "too-deep", "nested more than 64 deep"),
    ("Y5", "a: " + "x" * 2_097_152, 0, 0, "too-large", "the document has more than 1048576 bytes"),
    ("Y5", "a: [" + "1," * 60_000 + "]", 1, 99_995, "too-large", "more than 50000 keys and values"),
    ("Y6", "a: 1\na: 2\n", 2, 1, "duplicate-key", "the key 'a' stands here twice"),
    ("Y6", "a: {b: 1, 'b': 2}\n", 1, 11, "duplicate-key", "the key 'b' stands here twice"),
    ("Y8", "a: .nan\n", 1, 4, "number", "a number is finite"),
    ("Y8", "a: -.inf\n", 1, 4, "number", "a number is finite"),
    ("Y8", "a: .INF\n", 1, 4, "number", "a number is finite"),
    ("Y8", "a: 1e400\n", 1, 4, "number", "the number is too large"),
    ("Y8", "a: -1e400\n", 1, 4, "number", "the number is too large"),
    ("Y8", "a: " + "9" * 5000 + "\n", 1, 4, "number", "a number has at most 64 characters"),
    ("Y9", "a: !!binary aGk=\n", 1, 4, "tag", "the tag"),
    ("Y9", "a: !!set {b}\n", 1, 4, "tag", "the tag"),
    ("Y9", "a: !!omap [b: 1]\n", 1, 4, "tag", "the tag"),
    ("Y9", "1: a\n", 1, 1, "key", "the key '1' is not text"),
    ("Y9", "a:\n  1.5: b\n", 2, 3, "key", "the key '1.5' is not text"),
    ("Y9", "true: a\n", 1, 1, "key", "the key 'true' is not text"),
    ("Y9", "~: a\n", 1, 1, "key", "the key '~' is not text"),
    ("Y9", "?\n: a\n", 1, 2, "key", "the key '' is not text"),
    ("Y9", "? [a]\n: b\n", 1, 3, "key", "a key is text"),
    ("Y9", "? {a: 1}\n: b\n", 1, 3, "key", "a key is text"),
    ("Y9", "k" * 257 + ": 1\n", 1, 1, "key", "a key has at most 256 characters"),
    ("Y10", b"a: 1\nb: \xe9\n", 2, 4, "not-utf8", "the text is not UTF-8"),
    ("Y10", "a: é\n".encode("utf-16"), 1, 1, "not-utf8", "the text is not UTF-8"),
    ("Y10", "a: 1\n".encode("utf-16-le"), 1, 2, "control-character", "control characters"),
    ("Y10", b"\xef\xbb\xbfa: 1\n", 1, 1, "byte-order-mark", "byte order mark"),
    ("Y10", "a: é\0\n", 1, 5, "control-character", "control characters"),
    ("Y10", "a: b\x85c\n", 1, 5, "line-break", "U+0085 ends a line"),
    ("Y10", b"a: \xed\xa0\x80\n", 1, 4, "not-utf8", "the text is not UTF-8"),
    ("Y11", "a: 1\nb: \x1b[31m\n", 2, 4, "control-character", "control characters"),
    ("Y11", "a: \x7f\n", 1, 4, "control-character", "control characters"),
    ("Y11", "a: é\x9b\n", 1, 5, "control-character", "control characters"),
    ("Y11", 'a: "\\ud800"\n', 1, 7, "yaml", "Unicode"),
    ("Y11", "a: \ud800\n", 1, 4, "not-utf8", "a lone surrogate is no character"),
    ("Y11", "a: b\u2028c\n", 1, 5, "line-break", "U+2028 ends a line"),
    ("Y11", "a: 1\nb: c\u2029\n", 2, 5, "line-break", "U+2029 ends a line"),
    ("Y12", "", 1, 1, "not-a-mapping", "the file is empty"),
    ("Y12", "# only a comment\n", 1, 1, "not-a-mapping", "the file is empty"),
    ("Y12", "---\n...\n", 2, 1, "not-a-mapping", "not a mapping"),
    ("Y12", "text\n", 1, 1, "not-a-mapping", "not a mapping"),
    ("Y12", "\n\n- a\n", 3, 1, "not-a-mapping", "not a mapping"),
    ("Y12", "a: 1\n---\nb: 2\n", 2, 1, "several-documents", "one document"),
    ("Y12", "a: 1\n...\n---\n", 3, 1, "several-documents", "one document"),
    (
        "Y13",
        "a: 1\n<<<<<<< ours\nb: 2\n=======\nb: 3\n>>>>>>> theirs\n",
        2,
        1,
        "conflict-marker",
        "a conflict marker of git",
    ),
    ("Y13", "a: 1\nb: 3\n>>>>>>> theirs\n", 3, 1, "conflict-marker", "a conflict marker of git"),
    ("Y13", "a: 1\n=======\nb: 3\n", 2, 1, "conflict-marker", "a conflict marker of git"),
    ("syntax", "a: b: c\n", 1, 5, "yaml", "this is not YAML: mapping values are not allowed"),
    ("syntax", "\ta: b\n", 1, 1, "yaml", "this is not YAML"),
    ("syntax", "a:\n  - b\n c\n", 3, 2, "yaml", "this is not YAML"),
    ("syntax", 'a: "b\n', 2, 1, "yaml", "this is not YAML"),
    ("syntax", "a: 'é' 'b'\n", 1, 8, "yaml", "this is not YAML"),
    ("syntax", "%YAML 3.0\n---\na: 1\n", 1, 1, "yaml", "this is not YAML"),
]


@pytest.mark.parametrize(
    ("document", "line", "column", "code", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_it_refuses(document: str | bytes, line: int, column: int, code: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        reader.read(document, "stacks/prod.yaml")

    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column, problem.code) == ("stacks/prod.yaml", line, column, code)
    assert message in problem.message
    assert problem.hint
    assert "\n" not in problem.message + problem.hint
    assert str(problem).startswith(f"stacks/prod.yaml:{line}:{column}: " if line else "stacks/prod.yaml: ")
    assert caught.value.code == code


# document, what comes out
READ: list[tuple[str | bytes, dict[str, Any]]] = [
    (
        "a: no\nb: on\nc: y\nd: Yes\ne: True\nf: NULL\n",
        dict(zip("abcdef", ["no", "on", "y", "Yes", "True", "NULL"], strict=True)),
    ),
    (
        "a: 010\nb: 0x1F\nc: 0o17\nd: 12:30:45\ne: 1_000\n",
        {"a": "010", "b": "0x1F", "c": "0o17", "d": "12:30:45", "e": "1_000"},
    ),
    ("a: 2024-01-01\nb: +1\nc: .5\nd: 1.\ne: =\n", {"a": "2024-01-01", "b": "+1", "c": ".5", "d": "1.", "e": "="}),
    ("a: null\nb: ~\nc:\nd: true\ne: false\n", {"a": None, "b": None, "c": None, "d": True, "e": False}),
    ("a: 1e3\nb: 1.0\nc: -0.0\nd: 1e-7\ne: -0\nf: 0\n", {"a": 1e3, "b": 1.0, "c": -0.0, "d": 1e-7, "e": 0, "f": 0}),
    ("a: " + "9" * 64 + "\n", {"a": int("9" * 64)}),
    ("a: '1'\nb: \"true\"\nc: 'it''s'\n", {"a": "1", "b": "true", "c": "it's"}),
    ("a: []\nb: {}\nc: ''\n", {"a": [], "b": {}, "c": ""}),
    ('"": 1\n"1": 2\n"<<": 3\n"a b": 4\n"é": 5\n', {"": 1, "1": 2, "<<": 3, "a b": 4, "é": 5}),
    ("? a\n: b\n? c\n", {"a": "b", "c": None}),
    ("{a, b: [c: 1]}", {"a": None, "b": [{"c": 1}]}),
    ("---\na: 1\n...\n", {"a": 1}),
    ("%YAML 1.1\n---\na: yes\n", {"a": "yes"}),
    ("%YAML 1.2\n---\na: 1\n", {"a": 1}),
    ("a: 1\r\nb: |\r\n  c\r\n  d\r\n", {"a": 1, "b": "c\nd\n"}),
    ("a:\tb\nc: d\te\n", {"a": "b", "c": "d\te"}),
    ("a: b\ufeffc\n", {"a": "b\ufeffc"}),
    ("a: |\n  <<<<<<< here\n", {"a": "<<<<<<< here\n"}),
    ("a: |\n  %TAG ! x\n", {"a": "%TAG ! x\n"}),
    ("a: >-\n  b\n  c\n\n  d\n", {"a": "b c\nd"}),
    ("a: " + "x" * 100_000 + "\n", {"a": "x" * 100_000}),
    ('a: "' + "é" * 100_000 + '"\n', {"a": "é" * 100_000}),
    ('a: "\\e[31m\\u202e\\N\\L\\P"\n', {"a": "\x1b[31m\u202e\x85\u2028\u2029"}),
    ("a: \U0001f600\n".encode(), {"a": "\U0001f600"}),
    ("k" * 256 + ": 1\n", {"k" * 256: 1}),
    ("a: x#y\nb: x #y\n", {"a": "x#y", "b": "x"}),
]


@pytest.mark.parametrize(("document", "data"), READ)
def test_it_reads(document: str | bytes, data: dict[str, Any]) -> None:
    assert same(reader.read(document), data)


def test_the_sign_of_zero_is_kept() -> None:
    assert str(reader.read("a: -0.0\n")["a"]) == "-0.0"


def test_a_document_may_be_as_deep_and_as_large_as_the_limits() -> None:
    deep = reader.read("a: " + "[" * 63 + "]" * 63)["a"]
    for _ in range(62):
        (deep,) = deep
    assert deep == []
    with pytest.raises(Invalid):
        reader.read("a: " + "[" * 64 + "]" * 64)
    assert len(reader.read("a: " + "x" * (reader.MAX_BYTES - 3))["a"]) == reader.MAX_BYTES - 3
    with pytest.raises(Invalid, match="more than 1048576"):
        reader.read("a: é" + "x" * (reader.MAX_BYTES - 4))
    assert len(reader.read("a: [" + "1," * 40_000 + "]")["a"]) == 40_000


def test_decode_names_the_file() -> None:
    assert reader.decode(b"a: \xc3\xa9\n") == "a: é\n"
    with pytest.raises(Invalid) as caught:
        reader.decode(b"\xff", "stacks/prod.yaml")
    assert (caught.value.file, caught.value.code) == ("stacks/prod.yaml", "not-utf8")


def test_the_parts_refuse_what_they_are_not_given() -> None:
    with pytest.raises(ParseError, match="tags are not read"):
        events.data("%TAG !e! tag:example.com,2000:\n---\na: 1\n")
    with pytest.raises(Invalid, match="stands here twice"):
        reader.tree("a: 1\na: |\n  2\n")


def test_a_secret_is_not_repeated() -> None:
    with pytest.raises(Invalid) as caught:
        reader.read("token: ghp_secret: x\n")

    assert "ghp" not in str(caught.value.problems)


PLACES = """\
# é
a: 1
b:
  c:
    - x
    - y
é: {d: 1}
e:
"""


@pytest.mark.parametrize(
    ("path", "key", "place"),
    [
        ((), False, (2, 1)),
        (("a",), False, (2, 4)),
        (("a",), True, (2, 1)),
        (("b", "c", 1), False, (6, 7)),
        (("b", "c", 9), False, (5, 5)),
        (("b", "x"), False, (4, 3)),
        (("é", "d"), False, (7, 8)),
        (("e",), False, (8, 1)),
        (("a", "x"), False, (2, 4)),
    ],
)
def test_a_path_has_a_place(path: tuple[str | int, ...], key: bool, place: tuple[int, int]) -> None:
    assert Positions(PLACES).of(path, key=key) == place


YAMLISH = st.text(alphabet="ab:- \n#'\"[]{},|>&*!%@?~<=.01e\\\t\r\xe9\x85\u2028\ufeff\x00\ud800\U0001f600", max_size=40)
# Apart by "¦".
SIGNS = """a¦b¦:¦: ¦:
¦- ¦
¦
  ¦
    ¦[¦]¦{¦}¦, ¦"¦'¦ #c¦&x ¦*x¦!t ¦---
¦...
¦? ¦<<¦1¦-1¦1.5¦1e9¦null¦true¦~¦\\¦|
¦>-
¦.inf¦é¦%TAG ! t
¦%YAML 1.1
¦<<<<<<< x
¦=======
""".split("¦")  # noqa: SIM905 - a line, not a screen
TOKENS = st.lists(st.sampled_from([*SIGNS, "\r\n", "\t", "\x1b", "\u2029"]), max_size=25).map("".join)


def reads_or_refuses(document: str | bytes) -> None:
    """Read a document; nothing but `Invalid` comes out, and what is read is written and read as the same."""
    try:
        data = reader.read(document, "f.yaml")
    except Invalid:
        return
    assert isinstance(data, dict)
    assert same(reader.read(writer.dump(data)), data)
    if isinstance(document, str):
        assert same(reader.tree(document).data(), data)
        assert same(events.data(document), data)


@settings(max_examples=examples(200), deadline=None)
@given(st.binary(max_size=60) | YAMLISH | YAMLISH.map(lambda t: t.encode("utf-8", "surrogatepass")) | TOKENS)
@example(b"\xff\xfe")
@example("%YAML 1.1\n%YAML 1.1\n")
@example("a: " + "1" * 64)
def test_arbitrary_bytes_give_data_or_invalid(document: str | bytes) -> None:
    reads_or_refuses(document)


def test_a_plain_document_is_read_without_yaml() -> None:
    code = "from zenprofile.core.document import reader; reader.read(b'name: a\\n'); import sys; print('yaml' in sys.modules)"  # noqa: E501

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
