"""What git, curl, ssh and servers say when they fail, and what a person is told; never a secret of theirs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile.errors import AccessDenied, NotFound, StoreBroken, Unreachable, Unsafe, ZenprofileError
from zenprofile.git import remote_errors

URL = "https://git.example.com/org/team.git"
SAID: dict[str, type[ZenprofileError]] = {
    f"fatal: Authentication failed for '{URL}/'": AccessDenied,
    "fatal: could not read Username for 'https://git.example.com': terminal prompts disabled": AccessDenied,
    "fatal: could not read Password for 'https://ada@git.example.com': terminal prompts disabled": AccessDenied,
    f"fatal: unable to access '{URL}/': The requested URL returned error: 403": AccessDenied,
    "error: RPC failed; HTTP 403 curl 22 The requested URL returned error: 403": AccessDenied,
    "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.": AccessDenied,
    "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures": AccessDenied,
    "Host key verification failed.\nfatal: Could not read from remote repository.": AccessDenied,
    "ERROR: Permission to org/team.git denied to ada.\nfatal: Could not read from remote repository.": AccessDenied,
    "remote: Write access to repository not granted.\nfatal: unable to access 'x'": AccessDenied,
    "remote: You are not allowed to push code to this project.": AccessDenied,
    "fatal: unable to access 'x': server certificate verification failed. CAfile: none CRLfile: none": Unreachable,
    "fatal: unable to access 'x': SSL certificate problem: certificate has expired": Unreachable,
    "fatal: unable to access 'x': gnutls_handshake() failed: Error in the pull function.": Unreachable,
    "fatal: unable to access 'x': Could not resolve host: git.example.com": Unreachable,
    "ssh: Could not resolve hostname nowhere: Name or service not known": Unreachable,
    "ssh: connect to host 10.0.0.1 port 22: Connection timed out": Unreachable,
    "ssh: connect to host 10.0.0.1 port 22: No route to host": Unreachable,
    "fatal: unable to access 'x': Failed to connect to 10.0.0.1 port 443: Connection refused": Unreachable,
    "fatal: unable to access 'x': The requested URL returned error: 502": Unreachable,
    "error: RPC failed; curl 28 Operation too slow. Less than 1 bytes/sec transferred the last 1 seconds": Unreachable,
    "fatal: the remote end hung up unexpectedly": Unreachable,
    "fetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF": Unreachable,
    "kex_exchange_identification: Connection closed by remote host": Unreachable,
    "fatal: protocol error: bad line length character: Welc": Unreachable,
    f"fatal: {URL}/info/refs not valid: is this a git repository?": Unreachable,
    f"fatal: unable to access '{URL}/': The requested URL returned error: 301": Unreachable,
    f"remote: Repository not found.\nfatal: repository '{URL}/' not found": NotFound,
    "ERROR: Repository not found.\nfatal: Could not read from remote repository.": NotFound,
    "remote: ERROR: The project you were looking for could not be found or you don't have permission": NotFound,
    "fatal: '/srv/team.git' does not appear to be a git repository\nfatal: Could not read from remote": NotFound,
    "fatal: detected dubious ownership in repository at '/srv/team.git'": Unsafe,
    "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights": Unreachable,
    "fatal: transport 'ext' not allowed": Unsafe,
    "fatal: write error: No space left on device\nfatal: early EOF\nfatal: index-pack failed": StoreBroken,
    "error: insufficient permission for adding an object to repository database .git/objects": StoreBroken,
    "fatal: something that nobody has seen yet": ZenprofileError,
    "": ZenprofileError,
}


@pytest.mark.parametrize("said", SAID)
def test_what_is_said_and_what_it_means(said: str) -> None:
    told = remote_errors.failure(f"Enumerating objects: 3, done.\r\x1b[K{said}\n", URL, kept=False)

    assert type(told) is SAID[said]
    assert "\n" not in told.message
    assert told.hint
    assert "kept" not in told.hint


@pytest.mark.parametrize("said", [said for said, error in SAID.items() if error is NotFound])
def test_a_repository_that_was_there_before_is_out_of_reach(said: str) -> None:
    told = remote_errors.failure(said, URL)

    assert told.exit_status == 4
    assert told.hint.startswith("local work is kept")


def test_ssh_that_does_not_say_why_is_out_of_reach() -> None:
    told = remote_errors.failure(
        "fatal: Could not read from remote repository.\n\nPlease make sure that it exists.\n", URL
    )

    assert told.exit_status == 4
    assert told.hint.startswith("local work is kept")


def test_a_hosts_name_is_no_reason() -> None:
    said = "fatal: unable to access 'https://SSL.certificate.example/denied.git/': Could not resolve host: x"

    assert "could not be reached" in remote_errors.failure(said, URL).message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://ada:secret@host/r", "https://***@host/r"),
        ("https://ghp_secret@host/r?token=secret#x", "https://***@host/r?***"),
        ("https://ada:pa/ss@host/r", "https://***@host/r"),
        ("https://host:8443/@scope/r@v1", "https://host:8443/@scope/r@v1"),
        ("https://[::1]:8443/@scope", "https://[::1]:8443/@scope"),
        ("ssh://git@host:22/r", "ssh://git@host:22/r"),
        ("ssh://git:secret@host/r", "ssh://git:***@host/r"),
        ("git@host:org/r", "git@host:org/r"),
        ("/srv/a@b?c", "/srv/a@b?c"),
        ("'https://a:p@ss:w0rd@h/r': no 'https://b:c@h/r'", "'https://***@h/r': no 'https://***@h/r'"),
    ],
)
def test_secrets_in_urls_are_out_of_sight(text: str, expected: str) -> None:
    assert remote_errors.redacted(text) == expected


SECRET = "S3CR3Tx"


@given(
    st.sampled_from(["https", "http", "HTTPS", "git+https"]),
    st.sampled_from(["{0}@", "ada:{0}@", "{0}:x@", "a:b@{0}@"]),
    st.text(st.sampled_from("ab/ .:'\r\n@?&="), max_size=12),
)
def test_no_login_is_ever_told(scheme: str, login: str, rest: str) -> None:
    err = (
        f"fatal: unable to access '{scheme}://{login.format(SECRET)}host/{rest}': no\nremote: {scheme}://h?t={SECRET}\n"
    )

    told = remote_errors.failure(err, URL)

    assert SECRET not in told.message + told.hint + remote_errors.remote_message(err)


def test_what_a_remote_says_is_one_line_without_its_noise() -> None:
    err = "remote: Resolving deltas: 100% (1/1)\rremote: \nremote: ====\nremote: GL-HOOK: no\nremote:  secrets.\nTo\n"

    assert remote_errors.remote_message(err) == "GL-HOOK: no secrets."


@pytest.mark.parametrize(
    "said",
    [
        "fatal: the receiving end does not support --signed push",
        "error: gpg failed to sign the data\nfatal: failed to sign the push certificate",
    ],
)
def test_what_git_names_first_is_told_and_not_that_the_connection_ended(said: str) -> None:
    told = remote_errors.failure(f"{said}\nfatal: the remote end hung up unexpectedly\n", URL)

    assert said.splitlines()[0].partition(": ")[2] in told.message
    assert told.exit_status == 1


def test_a_connection_that_ended_without_a_cause_is_network_trouble() -> None:
    told = remote_errors.failure("error: RPC failed; curl 56\nfatal: the remote end hung up unexpectedly\n", URL)

    assert told.exit_status == 4
