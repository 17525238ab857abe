"""What somebody else may hand us: a table of names, bytes and what has to come of them.

The table knows nothing of how it is run: `tests/hostile/test_documents.py` runs it over the reader, a runner of whole
commands puts the same bytes into files. A case that would run code makes the file that `MARKER` names; it must stay
absent. Each case ends within `SECONDS` and `MEGABYTES`.
"""

from collections.abc import Callable
from typing import NamedTuple

SECONDS = 1
MEGABYTES = 200
MARKER = "zenprofile-hostile-marker"  # a file in the working folder
MEBIBYTE = 1024 * 1024


class Document(NamedTuple):
    """One hostile document.

    Attributes:
        name: says what it tries; unique, fit for a file name.
        raw: makes its bytes.
        code: of the problem that the reader reports; "" where it is read, as plain data.
    """

    name: str
    raw: Callable[[], bytes]
    code: str


def _fixed(name: str, text: str | bytes, code: str) -> Document:
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return Document(name, lambda: raw, code)


def _large(name: str, unit: str, code: str, head: str = "", tail: str = "") -> Document:
    """A document of 1 MiB: a head, as many units as fit, a tail."""

    def raw() -> bytes:
        one = unit.encode()
        room = MEBIBYTE - len(head.encode()) - len(tail.encode())
        return head.encode() + one * (room // len(one)) + tail.encode()

    return Document(name, raw, code)


def _numbered(name: str, line: str, code: str, tail: str = "", head: str = "") -> Document:
    """A document of up to 1 MiB whose lines differ by a number."""

    def raw() -> bytes:
        lines = (line.format(number) for number in range(MEBIBYTE))
        result: list[str] = []
        room = MEBIBYTE - len(tail) - len(head)
        for text in lines:
            room -= len(text)
            if room < 0:
                break
            result.append(text)
        return (head + "".join(result) + tail).encode()

    return Document(name, raw, code)


_TOUCH = f"touch {MARKER}"
_PYTHON_TAGS = {
    "apply-system": f"!!python/object/apply:os.system ['{_TOUCH}']",
    "apply-popen": f"!!python/object/apply:subprocess.Popen [[touch, {MARKER}]]",
    "apply-check-output": f"!!python/object/apply:subprocess.check_output [[touch, {MARKER}]]",
    "apply-eval": f"!!python/object/apply:eval [\"open('{MARKER}', 'w')\"]",
    "apply-exec": f"!!python/object/apply:exec [\"open('{MARKER}', 'w')\"]",
    "apply-open": f"!!python/object/apply:open ['{MARKER}', 'w']",
    "new-open": f"!!python/object/new:open ['{MARKER}', 'w']",
    "new-state": "!!python/object/new:type {args: [z, !!python/tuple [], {extend: !!python/name:exec }], listitems: x}",
    "name-system": "!!python/name:os.system",
    "module-os": "!!python/module:antigravity",
    "object": "!!python/object:zenprofile.errors.Invalid {}",
    "tuple": "!!python/tuple [a]",
    "long-form": f"!<tag:yaml.org,2002:python/object/apply:os.system> ['{_TOUCH}']",
    "in-a-list": f"[a, !!python/object/apply:os.system ['{_TOUCH}']]",
    "in-a-mapping": f"{{b: !!python/object/apply:os.system ['{_TOUCH}']}}",
    "ruby": "!ruby/object:Gem::Installer {}",
    "java": '!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL ["http://127.0.0.1:9/"]]]]',
    "binary": "!!binary aGVsbG8=",
    "set": "!!set {a, b}",
    "omap": "!!omap [a: 1]",
    "pairs": "!!pairs [a: 1]",
    "timestamp": "!!timestamp 2024-01-01",
    "str": "!!str 1",
    "int": "!!int '1'",
    "merge": "!!merge <<",
    "non-specific": "! 12",
    "local": "!include /etc/passwd",
    "vault": "!vault |\n  secret",
    "environment": "!ENV HOME",
}

_LAUGHS = "a0: &a0 [lol]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))

CORPUS: tuple[Document, ...] = (
    # Y1, Y9: tags
    *(_fixed(f"tag-{name}", f"name: {value}\n", "tag") for name, value in _PYTHON_TAGS.items()),
    _fixed("tag-on-the-root", f"!!python/object/apply:os.system\n- '{_TOUCH}'\n", "tag"),
    _fixed("tag-on-a-key", f"? !!python/object/apply:os.system ['{_TOUCH}']\n: a\n", "tag"),
    _fixed(
        "tag-handle", f"%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!object/apply:os.system ['{_TOUCH}']\n", "tag"
    ),
    _numbered("tag-handles-quadratic", "%TAG !a{}! b\n", "tag", "---\na: 1\n"),
    _numbered("tag-handles-after-a-carriage-return", "#\r%TAG !a{}! b\r", "tag", "---\na: 1\n"),
    _numbered("tag-handles-of-a-second-document", "%TAG !a{}! b\n", "tag", "---\na: 1\n", "a: 1\n...\n"),
    _numbered("tag-handles-after-comments", "#\n%TAG !a{}! b\n", "tag", "---\na: 1\n"),
    # Y2, Y3: anchors and aliases
    _fixed("alias-billion-laughs", _LAUGHS, "alias"),
    _fixed("alias-recursive", "a: &a [*a]\n", "alias"),
    _fixed("alias-recursive-mapping", "a: &a {b: *a}\n", "alias"),
    _fixed("alias-undefined", "a: *nothing\n", "alias"),
    _fixed("alias-as-key", "*a : 1\n", "alias"),
    _fixed("anchor-alone", "a: &a 1\n", "alias"),
    _fixed("anchor-on-a-key", "&a b: 1\n", "alias"),
    _fixed("anchor-on-the-root", "&a {b: 1}\n", "alias"),
    _fixed("anchor-and-tag", "a: &a !!python/name:os.system\n", "alias"),
    _fixed("merge-key", "a: {b: 1}\n<<: {c: 1}\n", "key"),
    _large("anchors-many", "&a x,", "alias", "a: [", "]"),
    # Y4: depth
    _fixed("deep-lists", "a: " + "[" * 100_000, "too-deep"),
    _fixed("deep-closed", "a: " + "[" * 65 + "]" * 65, "too-deep"),
    _fixed("deep-blocks", "".join(" " * n + "a:\n" for n in range(1000)), "too-deep"),
    _large("deep-brackets", "[", "too-deep", "a: "),
    _large("deep-braces", "{a: ", "too-deep"),
    _large("deep-dashes", "- ", "too-deep", "a:\n "),
    _large("deep-pairs", "[a: ", "too-deep", "a: "),
    _large("deep-complex-keys", "? ", "key"),
    _large("deep-braces-as-keys", "{", "key"),
    _large("root-brackets", "[", "not-a-mapping"),
    _large("root-dashes", "- ", "not-a-mapping"),
    # Y5: size and number
    Document("large-plain", lambda: b"a: " + b"x" * 2 * MEBIBYTE, "too-large"),
    Document("large-by-one-byte", lambda: b"a: " + b"x" * (MEBIBYTE - 2), "too-large"),
    Document("large-blank", lambda: b" " * 16 * MEBIBYTE, "too-large"),
    Document("large-and-not-utf8", lambda: b"\xff" * 2 * MEBIBYTE, "too-large"),
    _large("full-plain", "x", "", "a: "),
    _large("full-quoted", "x", "", 'a: "', '"'),
    _large("full-escapes", "\\x41", "", 'a: "', '"'),
    _large("full-line-escapes", "\\n", "", 'a: "', '"'),
    _large("full-single-quotes", "''", "", "a: '", "'"),
    _large("full-folded-lines", " x\n", "", "a: >\n"),
    _large("full-literal-lines", " x\n", "", "a: |\n"),
    _large("full-literal-blank-lines", "\n", "", "a: |\n x\n"),
    _large("full-plain-lines", " x\n", "", "a: x\n"),
    _large("full-comments", "#\n", "", "a: x\n"),
    _large("full-blank-lines", "\n", "", "a: x\n"),
    _large("full-blanks", " ", "", "a:"),
    _large("full-emoji", "\U0001f600", "", "a: "),
    _large("full-digits", "9", "number", "a: "),
    _large("full-zeros", "0", "number", "a: 1."),
    _large("full-colons", ":", "not-a-mapping", "a"),
    _large("full-key", "k", "not-a-mapping", "", ": 1"),
    _large("full-backslashes", "\\", "yaml", 'a: "'),
    _large("full-open-quote", "x", "yaml", 'a: "'),
    _large("full-percent", "%A\n", "yaml"),
    _large("full-yaml-directives", "%YAML 1.1\n", "yaml"),
    _large("full-documents", "---\n", "not-a-mapping"),
    _large("full-tag", "!", "tag", "a: "),
    _large("full-anchor", "a", "alias", "a: &"),
    _numbered("many-keys", "k{}:\n", "too-large"),
    _numbered("many-words-on-a-line", "k{},", "not-a-mapping"),
    _large("many-numbers", "1,", "too-large", "a: [", "]"),
    _large("many-words", "x,", "too-large", "a: [", "]"),
    _large("many-lists", "[],", "too-large", "a: [", "]"),
    _large("many-mappings", "{},", "too-large", "a: [", "]"),
    _large("many-quotes", "'',", "too-large", "a: [", "]"),
    _large("many-dashes", "-\n", "too-large", "a:\n"),
    _large("many-pairs", "a: ,", "too-large", "a: [", "]"),
    _large("many-numbers-deep-down", "1,", "too-large", "a: " + "[" * 60, "]" * 60),
    # Y6: duplicates
    _fixed("duplicate-key", "a: 1\na: 2\n", "duplicate-key"),
    _fixed("duplicate-key-quoted", "a: 1\n'a': 2\n", "duplicate-key"),
    _fixed("duplicate-key-escaped", 'a: 1\n"\\x61": 2\n', "duplicate-key"),
    _fixed("duplicate-key-nested", "a:\n  - {b: 1, b: 1}\n", "duplicate-key"),
    # Y7: words that other readers take for something else
    _fixed("norway", "a: no\nb: on\nc: 010\nd: 12:30:45\ne: 1_000\nf: 2024-01-01\n", ""),
    # Y8: numbers
    _fixed("number-nan", "a: .nan\n", "number"),
    _fixed("number-infinite", "a: [-.inf]\n", "number"),
    _fixed("number-overflow", "a: 1e400\n", "number"),
    _fixed("number-exponent", "a: 1e999999999999\n", "number"),
    _fixed("number-5000-digits", "a: " + "9" * 5000 + "\n", "number"),
    # Y9: keys that are no text
    _fixed("key-number", "1: a\n", "key"),
    _fixed("key-truth-value", "true: a\n", "key"),
    _fixed("key-null", "null: a\n", "key"),
    _fixed("key-infinite", ".inf: a\n", "key"),
    _fixed("key-list", "? [a]\n: b\n", "key"),
    _fixed("key-mapping", "{a: 1}: b\n", "key"),
    _fixed("key-long", "k" * 1000 + ": 1\n", "key"),
    # Y10: encodings
    _fixed("encoding-latin-1", b"a: \xe9\n", "not-utf8"),
    _fixed("encoding-utf-16", "a: 1\n".encode("utf-16"), "not-utf8"),
    _fixed("encoding-utf-16-without-mark", "a: 1\n".encode("utf-16-be"), "control-character"),
    _fixed("encoding-utf-32", "a: 1\n".encode("utf-32"), "not-utf8"),
    _fixed("encoding-byte-order-mark", b"\xef\xbb\xbfa: 1\n", "byte-order-mark"),
    _fixed("encoding-overlong", b"a: \xc0\xaf\n", "not-utf8"),
    _fixed("encoding-surrogate", b"a: \xed\xa0\x80\n", "not-utf8"),
    _fixed("encoding-beyond-unicode", b"a: \xf4\x90\x80\x80\n", "not-utf8"),
    _fixed("encoding-cut-short", b"a: \xe2\x82", "not-utf8"),
    _fixed("encoding-gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "not-utf8"),
    _fixed("nul", b"a: 1\0\n", "control-character"),
    _fixed("nul-first", b"\0a: 1\n", "control-character"),
    _fixed("only-nuls", b"\0" * 4096, "control-character"),
    # Y11: control characters and lines
    _fixed("escape-sequence", "a: \x1b]0;title\x07\n", "control-character"),
    _fixed("escape-sequence-in-a-key", "\x1b[2J: a\n", "control-character"),
    _fixed("escape-sequence-in-a-comment", "a: 1 # \x1b[2J\n", "control-character"),
    _fixed("escape-sequence-escaped", 'a: "\\e[31m"\n', ""),
    _fixed("c1-control", "a: \x9b31m\n", "control-character"),
    _fixed("delete-character", "a: \x7f\n", "control-character"),
    _fixed("backspace", "a: good\x08\x08\x08\x08evil\n", "control-character"),
    _fixed("bidirectional", "a: \u202egpj.exe\n", ""),
    _fixed("lone-surrogate-escaped", 'a: "\\ud800"\n', "yaml"),
    _fixed("surrogate-pair-escaped", 'a: "\\ud83d\\ude00"\n', "yaml"),
    _fixed("beyond-unicode-escaped", 'a: "\\U00110000"\n', "yaml"),
    _fixed("next-line", "a: 1 # c\x85b: 2\n", "line-break"),
    _fixed("line-separator", "a: x\u2028b: 2\n", "line-break"),
    _fixed("paragraph-separator", "a: x\u2029b: 2\n", "line-break"),
    # Y12: roots
    _fixed("root-empty", "", "not-a-mapping"),
    _fixed("root-comments", "# a: 1\n", "not-a-mapping"),
    _fixed("root-null", "~\n", "not-a-mapping"),
    _fixed("root-text", "name\n", "not-a-mapping"),
    _fixed("root-list", "- a: 1\n", "not-a-mapping"),
    _fixed("two-documents", "a: 1\n---\na: 2\n", "several-documents"),
    _fixed("two-documents-the-second-empty", "a: 1\n---\n", "several-documents"),
    _fixed("link-target", "../../../etc/passwd", "not-a-mapping"),
    # Y13: conflict markers
    _fixed("conflict", "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> theirs\n", "conflict-marker"),
    _fixed("conflict-three-sides", "<<<<<<< a\na: 1\n||||||| b\na: 2\n=======\na: 3\n>>>>>>> c\n", "conflict-marker"),
    _fixed("conflict-half-settled", "a: 1\n=======\na: 2\n", "conflict-marker"),
    _fixed("conflict-with-windows-ends", "a: 1\r\n<<<<<<< HEAD\r\nb: 1\r\n", "conflict-marker"),
    # other formats
    _fixed("script", f"#!/bin/sh\n{_TOUCH}\n", "not-a-mapping"),
    _fixed("json-lines", '{"a": 1}\n{"b": 2}\n', "yaml"),
    _fixed("template", "a: {{ lookup('pipe', 'id') }}\n", "key"),
    _fixed("tabs", "a:\n\tb: 1\n", "yaml"),
    _fixed("directive-unknown", "%INCLUDE /etc/passwd\n---\na: 1\n", "yaml"),
    _fixed("directive-newer", "%YAML 2.0\n---\na: 1\n", "yaml"),
)
