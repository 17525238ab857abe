"""What a MySQL URL says of TLS, for PyMySQL: what SQLAlchemy hands on of these options, PyMySQL drops in part."""

import os
import ssl
from typing import Any

from sqlalchemy import URL

from zenprofile.errors import StoreBroken, UsageError

_YES = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def taken(url: URL) -> tuple[URL, dict[str, Any]]:
    """Return a URL without its options on TLS, and what PyMySQL's ``connect`` takes for them; {} where there are none.

    With a CA, or where it is asked for, the server has to show a certificate that is trusted, for its own name:
    ``ssl_verify_identity=false`` takes another name as well, ``ssl_verify_cert=false`` any certificate.

    Raises:
        StoreBroken: a file cannot be read, or holds no certificate.
        UsageError: an option is neither true nor false.
    """
    said = {name: str(value) for name, value in url.query.items() if name.startswith("ssl_")}
    if not said:
        return url, {}
    files = {name: os.path.expanduser(said[name]) for name in ("ssl_ca", "ssl_cert", "ssl_key") if name in said}
    try:
        context = ssl.create_default_context(cafile=files.get("ssl_ca"))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # certificates that MySQL makes for itself do not pass it
        if "ssl_cert" in files:
            context.load_cert_chain(files["ssl_cert"], files.get("ssl_key"))
    except (OSError, ssl.SSLError) as error:
        said_of = " and ".join(f"{name}={path}" for name, path in files.items())
        message = f"the URL's {said_of} cannot be used: {error.strerror or error}"
        raise StoreBroken(message, hint="look at the paths, and at what the files hold") from None
    trusts = _flag(said, "ssl_verify_cert", default="ssl_ca" in said or "ssl_verify_identity" in said)
    context.check_hostname = trusts and _flag(said, "ssl_verify_identity", default=True)
    context.verify_mode = ssl.CERT_REQUIRED if trusts else ssl.CERT_NONE
    return url.difference_update_query(said), {"ssl": context}


def _flag(said: dict[str, str], name: str, *, default: bool) -> bool:
    if name not in said:
        return default
    value = _YES.get(said[name].lower())
    if value is None:
        raise UsageError(f"the URL's option '{name}' is neither true nor false", hint=f"write {name}=true")
    return value
