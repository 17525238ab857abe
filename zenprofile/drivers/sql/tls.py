"""TLS options of a MySQL URL, for PyMySQL: SQLAlchemy passes them on in a form that PyMySQL ignores in part."""

import os
import ssl
from typing import Any

from sqlalchemy import URL

from zenprofile.errors import StoreBroken, UsageError

_YES = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def split_options(url: URL) -> tuple[URL, dict[str, Any]]:
    """Return a URL without its options on TLS, and what PyMySQL's ``connect`` takes for them; {} where there are none.

    With a CA, or where it is asked for, the server has to show a certificate that is trusted, for its own name:
    ``ssl_verify_identity=false`` takes another name as well, ``ssl_verify_cert=false`` any certificate.

    Raises:
        StoreBroken: a file cannot be read, or holds no certificate.
        UsageError: an option is neither true nor false.
    """
    options = {name: str(value) for name, value in url.query.items() if name.startswith("ssl_")}
    if not options:
        return url, {}
    files = {name: os.path.expanduser(options[name]) for name in ("ssl_ca", "ssl_cert", "ssl_key") if name in options}
    try:
        context = ssl.create_default_context(cafile=files.get("ssl_ca"))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # certificates that MySQL makes for itself do not pass it
        if "ssl_cert" in files:
            context.load_cert_chain(files["ssl_cert"], files.get("ssl_key"))
    except (OSError, ssl.SSLError) as error:
        said_of = " and ".join(f"{name}={path}" for name, path in files.items())
        message = f"the URL's {said_of} cannot be used: {error.strerror or error}"
        raise StoreBroken(message, hint="look at the paths, and at what the files hold") from None
    trusts = _flag(options, "ssl_verify_cert", default="ssl_ca" in options or "ssl_verify_identity" in options)
    context.check_hostname = trusts and _flag(options, "ssl_verify_identity", default=True)
    context.verify_mode = ssl.CERT_REQUIRED if trusts else ssl.CERT_NONE
    return url.difference_update_query(options), {"ssl": context}


def _flag(options: dict[str, str], name: str, *, default: bool) -> bool:
    if name not in options:
        return default
    value = _YES.get(options[name].lower())
    if value is None:
        raise UsageError(f"the URL's option '{name}' is neither true nor false", hint=f"write {name}=true")
    return value
