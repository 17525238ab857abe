"""Known tokens, private keys and URLs with a password in a text.

The rules are detect-secrets', those of its plug-ins that know a token by its form; nothing is guessed from the name of
a field or from how random a value looks. The library takes a fifth of a second to start, so one pattern that finds all
that its plug-ins find stands in front of it, run in linear time; the tests hold it against them.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from zenprofile.core import patterns
from zenprofile.core.secrets import lookalikes

MASK = "***"
_URL = "URL with a password"
_URL_PATTERN = r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@\"']*:[^\s\"']+@[^\s\"']*"
# What the plug-ins do not know yet. Patterns that few texts need are compiled where they are used first.
_OWN = {
    "GitHub Token": r"github_pat_[A-Za-z0-9_]{22,}",
    "Google API Key": r"AIza[0-9A-Za-z_-]{35}",
    "Hugging Face Token": r"hf_[A-Za-z0-9]{34}",
    "NPM Token": r"npm_[A-Za-z0-9]{36}",
    "Private Key": r"BEGIN ENCRYPTED PRIVATE KEY",
}
# The whole of each token that the plug-ins know.
_TOKENS = (
    r"AKC[a-zA-Z0-9]{10,}",
    r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}",
    r"AccountKey=[a-zA-Z0-9+/=]{88}",
    r"[MNO][a-zA-Z\d_-]{23,25}\.[a-zA-Z\d_-]{6}\.[a-zA-Z\d_-]{27}",
    r"gh[pousr]_[A-Za-z0-9_]{36,}",
    r"gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-[A-Za-z0-9_-]{20,}|GR1348941[A-Za-z0-9_-]{20,}",
    r"eyJ[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+(?:\.[A-Za-z0-9_.+/=-]*)?",
    r"[0-9a-z]{32}-us[0-9]{1,2}",
    r"//.+/:_authToken=\s*(?:npm_.+|[A-Fa-f0-9-]{36})",
    r"sk-[A-Za-z0-9_-]*[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}",
    r"BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?|PuTTY-User-Key-File-\d",
    r"pypi-AgE[A-Za-z0-9_-]{70,}",
    r"SG\.[a-zA-Z0-9_-]{22}\.[a-zA-Z0-9_-]{43}",
    r"(?i:xox[abposr]-(?:\d+-)+[a-z0-9]+|https://hooks\.slack\.com/services/T[a-z0-9_]+/B[a-z0-9_]+/[a-z0-9_]+)",
    r"sq0csp-[0-9A-Za-z\\_-]{43}",
    r"[rs]k_live_[0-9a-zA-Z]{24}",
    r"\d{8,10}:[0-9A-Za-z_-]{35}",
    r"(?:AC|SK)[a-z0-9]{32}",
)
_LIKELY = "|".join((_URL_PATTERN, *_OWN.values(), *_TOKENS))
_LOGIN = r"(?s)://[^\s/?#:@]*:(.*)"
# What stands for a password that is elsewhere, or for any.
_STANDS_FOR_ANOTHER = r"\$\{[^{}]*\}|\{\{[^{}]*\}\}|\$[A-Za-z_][A-Za-z0-9_]*|<[^<>]*>|\*+"
_DIGEST = r"sha(?:256|384|512):[0-9a-f]{32,}"
# Also of several hosts, or behind a number in brackets.
_PORTS = r"\d+(?:,[\w.-]+(?::\d+)?)*|[^\]]*\](?::\d+)?"
# Looked for first, so that most documents need no other engine: every token has one of these, or a run of twenty
# characters with a digit or a capital in it.
_HINTS = (
    *("AKC", "AccountKey=", "eyJ", ":_authToken=", "PRIVATE KEY", "PuTTY-User-Key", "SG.", "sq0csp-", "k_live_"),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "hf_", "glpat-", "gldt-", "glft-", "glsoat-", "glrt-"),
    *("glcbt-", "glimt-", "glptt-", "glagent-", "gloas-", "npm_"),
)
_HINTS_IN_ANY_CASE = ("xox", "hooks.slack.com")
_RUN = re.compile(r"(?<![\w-])(?=[a-z_-]*[A-Z0-9])[\w-]{20}|[0-9]:[\w-]{35}", re.ASCII)
_MOST = 100  # places in one document that are looked at by the library


class FoundSecret(NamedTuple):
    """A secret in a text.

    Attributes:
        start: its first character.
        text: all of it; never shown.
        what: whose, in words.
    """

    start: int
    text: str
    kind: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the text, in hex."""
        import hashlib

        return hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()


def may_hold(text: str) -> bool:
    """Return whether a text could hold a secret; False is certain."""
    return (patterns.is_ready(_LIKELY) or _hinted(text)) and patterns.search_own(_LIKELY, text)


def _hinted(text: str) -> bool:
    lower = text.lower()
    return bool(
        ("://" in text and "@" in text)
        or any(hint in text for hint in _HINTS)
        or any(hint in lower for hint in _HINTS_IN_ANY_CASE)
        or _RUN.search(text)
    )


def search(text: str) -> list[FoundSecret]:
    """List the secrets in a text, at most some hundred."""
    found: list[FoundSecret] = []
    for start, end in patterns.places(_LIKELY, text, _MOST) if _hinted(text) else ():
        kind = _kind_at(text, start, end)
        if kind:
            found.append(FoundSecret(start, text[start:end], kind))
    return found


def hidden(value: Any) -> Any:
    """Return a value, or a path, with every secret in its texts put out of sight."""
    if isinstance(value, str):
        return _hidden(value) if may_hold(value) else value
    if isinstance(value, dict):
        return {hidden(key): hidden(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(hidden, value))
    return value


def _hidden(text: str) -> str:
    for found in reversed(search(text)):
        text = text[: found.start] + MASK + text[found.start + len(found.text) :]
    return text


def _kind_at(text: str, start: int, end: int) -> str:
    """Return the kind of secret at a likely place, "" where it is none."""
    likely = text[start:end]
    if "://" in likely and re.search(_LOGIN, likely):
        return _URL if password_in(likely) else ""
    own = next((kind for kind, pattern in _OWN.items() if re.match(pattern, likely)), "")
    around = text[max(0, start - 1) : end + 1]
    kind = own or next((kind for kind, find in _library() if find(around)), "")
    return "" if kind and lookalikes.is_name(kind, likely, text[:start][-1:], text[end : end + 1]) else kind


def password_in(url: str) -> str:
    """Return the password in a URL, whatever it holds; "" for none, and for what stands in place of one.

    What people write is read, not what a URL may hold: ``/``, ``?`` and ``#`` may be in a password. A port is none.
    """
    found = re.search(_LOGIN, url)
    if not found:
        return ""
    first = re.split("[/?#]", found.group(1), maxsplit=1)[0]
    if "@" in first:
        password, _, host = first.rpartition("@")
        host = found.group(1)[len(password) + 1 :]
    elif re.fullmatch(_PORTS, first):
        return ""
    else:
        password, _, host = found.group(1).rpartition("@")
    return "" if re.fullmatch(_STANDS_FOR_ANOTHER, password) or re.match(_DIGEST, host) else password


@cache
def _library() -> list[tuple[str, Callable[[str], object]]]:
    """Return the plug-ins' names for what they find, and what says whether they find it.

    Left out: guesses by the name of a field (AWS's second pattern), three letters that many words begin with
    (Artifactory's second), every plug-in of that kind, and their pattern of URLs, which passes over ``://:password@``
    and passwords with signs in them.
    """
    from detect_secrets.plugins import (
        artifactory,
        aws,
        azure_storage_key,
        discord,
        github_token,
        gitlab_token,
        jwt,
        mailchimp,
        npm,
        openai,
        private_key,
        pypi_token,
        sendgrid,
        slack,
        square_oauth,
        stripe,
        telegram_token,
        twilio,
    )

    whole = (
        azure_storage_key.AzureStorageKeyDetector(),
        discord.DiscordBotTokenDetector(),
        github_token.GitHubTokenDetector(),
        gitlab_token.GitLabTokenDetector(),
        jwt.JwtTokenDetector(),
        mailchimp.MailchimpDetector(),
        npm.NpmDetector(),
        openai.OpenAIDetector(),
        private_key.PrivateKeyDetector(),
        pypi_token.PypiTokenDetector(),
        sendgrid.SendGridDetector(),
        slack.SlackDetector(),
        square_oauth.SquareOAuthDetector(),
        stripe.StripeDetector(),
        telegram_token.TelegramBotTokenDetector(),
        twilio.TwilioKeyDetector(),
    )
    first = (artifactory.ArtifactoryDetector(), aws.AWSKeyDetector())
    return [
        *((plugin.secret_type, lambda text, p=plugin: next(p.analyze_string(text), None)) for plugin in whole),
        *((plugin.secret_type, plugin.denylist[0].search) for plugin in first),
    ]
