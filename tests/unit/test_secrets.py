"""Secrets in plain text: what detect-secrets knows is found, in any place of a document, and never repeated."""

import base64
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from generated import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from zenprofile.core import patterns
from zenprofile.core.document.writer import write
from zenprofile.core.entity import Key
from zenprofile.core.secrets import detector, lookalikes, plaintext
from zenprofile.errors import Invalid

# Plug-ins of the library that are left out, and why.
LEFT_OUT = {
    "Base64 High Entropy String": "guesses by randomness",
    "Hex High Entropy String": "guesses by randomness",
    "Secret Keyword": "guesses by the name of a field",
    "Cloudant Credentials": "guesses by the name of a field",
    "IBM Cloud IAM Key": "guesses by the name of a field",
    "IBM COS HMAC Credentials": "guesses by the name of a field",
    "SoftLayer Credentials": "guesses by the name of a field",
    "Public IP (ipv4)": "no secret",
    "Basic Auth Credentials": "our own finds more",
}
KEY = Key("component", "artifact_store", "s3")
GITHUB = "ghp_" + "a1B2" * 9
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"


def patterns_of(plugin: object) -> list[re.Pattern[str]]:
    found = list(plugin.denylist)  # type: ignore[attr-defined]
    return found[:1] if type(plugin).__name__ in {"AWSKeyDetector", "ArtifactoryDetector"} else found


_CLASSES: dict[str, Any] = get_mapping_from_secret_type_to_class()
PLUGINS = {name: class_() for name, class_ in _CLASSES.items() if name not in LEFT_OUT}
PATTERNS = [(name, pattern) for name, plugin in PLUGINS.items() for pattern in patterns_of(plugin)]


def test_every_plug_in_of_the_library_is_used_or_left_out_for_a_reason() -> None:
    assert {name for name, _ in detector._library()} == set(PLUGINS)


@pytest.mark.parametrize(("name", "pattern"), PATTERNS, ids=lambda value: getattr(value, "pattern", value)[:40])
def test_what_the_library_finds_is_found(name: str, pattern: re.Pattern[str]) -> None:
    """The pattern in front of the library misses nothing that the library finds."""
    plugin = PLUGINS[name]
    made = (
        st.just(JWT)
        if "JSON" in name
        else st.from_regex(pattern, fullmatch=True, alphabet=st.characters(min_codepoint=32, max_codepoint=126))
    )

    @settings(max_examples=examples(50), deadline=None)
    @given(secret=made, before=st.sampled_from(["", "x ", "key: ", '"', "https://h/?t="]))
    def check(secret: str, before: str) -> None:
        text = f"{before}{secret} and more"
        if next(plugin.analyze_string(text), None) and name not in lookalikes._RULES:  # those have a form of their own
            assert detector.search(text)

    check()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("github_pat_" + "11ABCDEFG0" * 4, "GitHub Token"),
        ("AIza" + "Sy-_0" * 7, "Google API Key"),
        ("hf_" + "aB" * 17, "Hugging Face Token"),
        ("npm_" + "aB0" * 12, "NPM Token"),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----", "Private Key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "Private Key"),
        ("-----BEGIN PRIVATE KEY-----", "Private Key"),
        ("AKIAIOSFODNN7EXAMPLE", "AWS Access Key"),
        (JWT, "JSON Web Token"),
    ],
)
def test_tokens_are_named(text: str, what: str) -> None:
    assert [found.kind for found in detector.search(f"'{text}'")] == [what]
    assert detector.may_hold(f"a{text}")


HARMLESS = [
    line
    for line in (Path(__file__).parents[1] / "data" / "harmless-values.txt").read_text("utf-8").splitlines()
    if not line.startswith("# ")
]
# Made here of pieces, so that no file holds what a host's own search for tokens would stop.
_GITLAB = {"pat": 20, "dt": 20, "ft": 20, "rt": 20, "ptt": 40, "agent": 50, "soat": 20, "imt": 25}
REAL = {
    "AWS Access Key": ["AKIA" + "IOSFODNN7EXAMPLE", "AKIA" + "QWERTYUIOPASDFGH", "ASIA" + "Y34FZKBOKMUTVV7A"],
    "Artifactory Credentials": ["AKC" + "p8jQd1x" + "Tz9" * 22, "AKC" + "p5bUTiV9Qx"],
    "Azure Storage Account access key": ["Account" + "Key=" + "aB3+" * 21 + "ab=="],
    "Discord Bot Token": [
        base64.b64encode(number).decode().rstrip("=") + ".Gx1y2Z." + "aB3_-" * 5 + "xy"
        for number in (b"123456789012345678", b"1098765432109876543", b"412345678901234567")
    ],
    "GitHub Token": [f"{kind}_" + "a1B2" * 9 for kind in ("ghp", "gho", "ghu", "ghs", "ghr")]
    + ["github_" + "pat_" + "11ABCDEFG0" * 8],
    "GitLab Token": [f"gl{kind}-" + ("xY3z-1aB_9" * 5)[:length] for kind, length in _GITLAB.items()]
    + ["glpat-" + "abcdefghijklmnopqrst"],
    "Google API Key": ["AIza" + "SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"],
    "Hugging Face Token": ["hf_" + "aBcD" * 8 + "eF"],
    "JSON Web Token": [JWT],
    "Mailchimp Access Key": ["0123456789abcdef" * 2 + "-us12"],
    "NPM Token": ["npm_" + "aB0" * 12],
    "OpenAI Token": ["sk-" + "aB3d" * 5 + "T3BlbkFJ" + "xY9z" * 5],
    "Private Key": [f"-----BEGIN {kind}PRIVATE KEY-----" for kind in ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ")],
    "PyPI Token": ["pypi-" + "AgEIcHlwaS5vcmc" + "aB3_" * 20],
    "SendGrid API Key": ["SG" + "." + "aB3_" * 5 + "aB" + "." + "xY9-" * 10 + "xY9"],
    "Slack Token": ["xox" + "b-123456789012-1234567890123-" + "aB3d" * 6],
    "Square OAuth Secret": ["sq0csp-" + "aB3_" * 10 + "aB3"],
    "Stripe Access Key": ["sk_" + "live_" + "aB3d" * 6, "rk_" + "live_" + "aB3d" * 6],
    "Telegram Bot Token": ["110201543:" + "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_"],
    "Twilio API Key": ["SK" + "0123456789abcdef" * 2, "AC" + "f0e1d2c3b4a59687" * 2],
    "URL with a password": [
        f"{scheme}://zenml:{password}@db.example.com/zenml?x=1"
        for scheme in ("postgresql", "https", "s3", "kafka+ssl")
        for password in ("hunter2", "a/b", "a#b", "a?b", "a%2Fb", "p@ss", "/", "a/b@c#d?e", "1a/b", "x=y&z")
    ],
}


def test_harmless_values_are_many() -> None:
    assert len(HARMLESS) == len(set(HARMLESS)) >= 200


@pytest.mark.parametrize("value", HARMLESS)
def test_a_harmless_value_is_none(value: str) -> None:
    assert detector.search(value) == []
    assert plaintext.problems(KEY, f"name: s3\nlabels:\n  a: '{value}'\n# {value}\n") == []


@pytest.mark.parametrize(("what", "text"), [(what, text) for what, texts in REAL.items() for text in texts])
def test_a_real_form_is_one(what: str, text: str) -> None:
    around_it = ("{}", "key={} ", "- {}\n", "'{}'", "token_{}", "Bearer {}, and more")
    for around in around_it[:3] if what == "Artifactory Credentials" else around_it:  # of which the library asks more
        found = detector.search(around.replace("{}", text))
        assert [secret.kind for secret in found] == [what], around
        assert detector.may_hold(around.replace("{}", text))
        assert detector.hidden(text).count(text.rpartition("@")[0] or text) == 0


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://zenml:hunter2@db/zenml",
        "mysql+pymysql://root:p@ssword@db/zenml",
        "redis://:hunter2@cache:6379/0",
        "https://user:secret@example.com/x?y=1",
        "amqp://a:b@c",
    ],
)
def test_a_password_in_a_url_is_found(url: str) -> None:
    assert [found.kind for found in detector.search(f"at {url} now")] == ["URL with a password"]


@pytest.mark.parametrize(
    "text",
    [
        "s3://ml-artifacts/some/long/path",
        "postgresql://zenml@db/zenml",
        "postgresql://zenml:${env:PASSWORD}@db/zenml",
        "postgresql://zenml:{{db.password}}@db/zenml",
        "postgresql://zenml:$PASSWORD@db/zenml",
        "postgresql://zenml:<password>@db/zenml",
        "mysql://zenml:***@db/zenml",
        "https://host:8080/path@2",
        "git@github.com:org/repo.git",
        "arn:aws:sns:us-east-1:123456789012:a-topic-with-a-very-long-name-for-a-pipeline",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/zenml@sha256:" + "9f86d081884c7d65" * 4,
        "authentication_secret: my-secret-in-europe-west-1",
        "APACnortheast1 eyJ eyJhbGciOiJIUzI1NiJ9.e",
        "a-service-account@my-project-123456.iam.gserviceaccount.com",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    ],
)
def test_what_is_no_secret_is_let_pass(text: str) -> None:
    assert detector.search(text) == []


@pytest.mark.parametrize(
    ("source", "line", "column", "path"),
    [
        (f"name: s3\nlabels:\n  a: {GITHUB}\n", 3, 6, "labels.a"),
        (f"name: s3\nlabels: {{a: [b, '{GITHUB}']}}\n", 2, 17, "labels.a.1"),
        (f"name: s3 # {GITHUB}\n", 1, 12, ""),
        (f"# {JWT}\nname: s3\n", 1, 3, ""),
        (f'name: "{GITHUB[:9]}\\x{ord(GITHUB[9]):x}{GITHUB[10:]}"\n', 1, 7, "name"),
        (f'a: "{GITHUB[:9]}\\\n  {GITHUB[9:]}"\n', 1, 4, "a"),
        (f"labels:\n  {GITHUB}: x\n", 2, 3, "labels"),
        ("key: |\n  -----BEGIN RSA PRIVATE KEY-----\n  MII\n", 1, 6, "key"),
        (f"a: [{GITHUB}\n", 1, 5, ""),
    ],
)
def test_a_secret_has_a_place_and_is_not_repeated(source: str, line: int, column: int, path: str) -> None:
    (problem,) = plaintext.problems(KEY, source)

    assert (problem.line, problem.column, problem.path, problem.code) == (line, column, path, "secret")
    assert GITHUB not in str(problem._asdict())
    assert f"zenprofile secrets allow {KEY} " in problem.hint


def test_no_other_problem_of_the_document_repeats_it() -> None:
    from zenprofile import resources
    from zenprofile.core import document_check

    for text in (
        f"name: s3\n{GITHUB}: 1\n",
        f"name: s3\na: {GITHUB}\n",
        f"{GITHUB}: 1\n{GITHUB}: 2\n",
        f"a: !{GITHUB} b\n",
    ):
        _, problems = document_check.check_document(KEY, text, resources.catalog(), lambda *_: None)
        assert len(problems) > 1
        assert GITHUB[:20] not in str(problems)
        named = Key("component", "artifact_store", GITHUB)
        assert GITHUB[:20] not in str(
            document_check.check_document(named, f"name: {GITHUB}\n", resources.catalog(), lambda *_: None)[1]
        )


def test_a_fingerprint_in_the_document_allows_it_there() -> None:
    source = f"name: s3\nlabels:\n  a: {GITHUB}\n  b: {JWT}\n"
    one, other = (placed.secret.fingerprint for placed in plaintext.document(source))

    half = plaintext.allow(source, [one])
    both = plaintext.allow(half, [other, one])

    assert [problem.path for problem in plaintext.problems(KEY, half)] == ["labels.b"]
    assert plaintext.problems(KEY, both) == []
    assert both.splitlines()[0] == f"{plaintext.ALLOWED} {' '.join(sorted((one, other)))}"
    assert both.splitlines()[1:] == source.splitlines()
    assert plaintext.allow(both, [one]) == both
    assert [problem.path for problem in plaintext.problems(KEY, both + f"c: {GITHUB}x1\n")] == ["c"]


@pytest.mark.parametrize("secret", [text for texts in REAL.values() for text in texts])
def test_one_look_at_many_documents_misses_none(secret: str) -> None:
    clean = ["name: a\n", "name: b  # of team 7\n"]
    assert plaintext.are_clean(clean)
    for place in range(3):
        assert not plaintext.are_clean([*clean[:place], secret, *clean[place:]])


def test_a_text_that_belongs_to_no_document_is_refused() -> None:
    plaintext.refuse("Use the new bucket", "the message")

    with pytest.raises(Invalid, match=r"^the message holds what looks like a secret \(GitHub Token\)$"):
        plaintext.refuse(f"Use {GITHUB}", "the message")


def test_a_document_without_secrets_does_not_load_the_library() -> None:
    import subprocess

    document = write("component", {"name": "s3", "type": "artifact_store", "flavor": "s3", "labels": {"a": 'b"c'}})
    program = (
        "import sys; from zenprofile.core.secrets import plaintext; from zenprofile.core.entity import Key\n"
        "assert not plaintext.problems(Key('component', 'artifact_store', 's3'), sys.argv[1])\n"
        "assert not [name for name in sys.modules if name.startswith(('detect_secrets', 'requests', 're2'))]"
    )

    subprocess.run([sys.executable, "-c", program, document], check=True)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    for found in detector.search(text):
        assert text[found.start :].startswith(found.text)


def test_guessing_first_and_searching_at_once_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the engine is loaded, most texts are told apart without it; once it is, it is asked about each."""
    texts = [f"key: {GITHUB}\n", f"# {JWT}\n", "url: redis://:hunter2@cache:6379/0\n", "name: s3\n", "a: eyJ SG. hf_\n"]

    at_once = [
        patterns.is_ready(detector._LIKELY) and detector.may_hold(text) for text in texts if detector.search(texts[0])
    ]
    monkeypatch.setattr(patterns, "is_ready", lambda pattern: False)

    assert at_once == [detector.may_hold(text) for text in texts] == [True, True, True, False, False]
