"""Names that look like tokens: of buckets, clusters, images, keys. A name is told by what no token of its kind has."""

import re
from collections.abc import Callable

_MAILCHIMP = "Mailchimp Access Key"
_HEX = r"[A-Z]{2}[0-9a-f]{32}|[0-9a-f]{32}-us\d{1,2}"
_TELEGRAM = r"\d{8,10}:AA[\w-]{33}"
_WORDS_OF_AWS = ("ASIA", "ABIA", "ACCA", "A3T")  # what words begin with; real ones hold a digit behind it


def is_name(kind: str, likely: str, before: str, after: str) -> bool:
    """Return whether what looks like a token is a name, or a part of one.

    Args:
        kind: whose token it looks like, in detect-secrets' words.
        likely: the text.
        before: the character before it, "" for none.
        after: the character behind it.
    """
    if kind == _MAILCHIMP and "-" in {before, after}:
        return True
    if kind in _WHOLE and (_goes_on(before) or (kind in _OF_ONE_LENGTH and _goes_on(after))):
        return True
    rule = _RULES.get(kind)
    return rule is not None and rule(likely)


def _goes_on(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _aws(likely: str) -> bool:
    word = next((word for word in _WORDS_OF_AWS if likely.startswith(word)), "")
    return bool(word) and not any(c.isdigit() for c in likely[len(word) :])


def _artifactory(likely: str) -> bool:
    rest = likely.removeprefix("AKC")
    return len(rest) < 40 and not (any(map(str.isdigit, rest)) and any(map(str.isupper, rest)))


def _discord(likely: str) -> bool:
    """Return whether the first part is no number in base64, as the id of an account is."""
    import binascii

    first = likely.partition(".")[0]
    try:
        return not binascii.a2b_base64(first + "=" * (-len(first) % 4)).isdigit()
    except ValueError:
        return True


def _gitlab(likely: str) -> bool:
    return likely.startswith("gl") and not likely.startswith("glpat-") and not any(map(str.isupper, likely))


_RULES: dict[str, Callable[[str], bool]] = {
    "AWS Access Key": _aws,
    "Artifactory Credentials": _artifactory,
    "Discord Bot Token": _discord,
    "GitLab Token": _gitlab,
    _MAILCHIMP: lambda likely: not re.fullmatch(_HEX, likely),
    "Telegram Bot Token": lambda likely: not re.fullmatch(_TELEGRAM, likely),
    "Twilio API Key": lambda likely: not re.fullmatch(_HEX, likely),
}
_OF_ONE_LENGTH = frozenset({"AWS Access Key", _MAILCHIMP, "Stripe Access Key", "Telegram Bot Token"}) | {
    "Twilio API Key"
}
_WHOLE = _OF_ONE_LENGTH | {
    "Artifactory Credentials",
    "Discord Bot Token",
    "GitHub Token",
    "GitLab Token",
    "Google API Key",
    "Hugging Face Token",
    "NPM Token",
    "OpenAI Token",
    "SendGrid API Key",
    "Slack Token",
}
