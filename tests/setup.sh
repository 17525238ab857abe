#!/bin/sh
# Brings the programs that tests need, as root by apt and npm, and writes pytest's arguments that leave out the suites
# whose program is still missing. Each of those is named; where CI is set, a missing program is a failure instead.
#
# usage: tests/setup.sh FILE-FOR-ARGUMENTS     (npm's packages go to the folder npm beside that file)
set -eu
arguments=$1
npm=$(dirname "$arguments")/npm
zenml=$(dirname "$arguments")/zenml # a virtual environment of its own: what ZenML pins, we do not

# program | Debian package, or npm: and npm's, or pip: and pip's | suite, or a test of it, or @ and a module of tests/support | what for
programs='
strace|strace|@faults|a fault at a system call
sshd|openssh-server|@servers|a remote over ssh
ssh-keygen|openssh-client|@servers|keys for a remote over ssh
nginx|nginx-light|tests/server/test_nginx.py|a proxy in front of servers
openssl|openssl|@servers|a certificate for a remote over https
vim|vim|tests/e2e/test_watch_editors.py|saves of real editors
nano|nano|tests/e2e/test_watch_editors.py|saves of real editors
emacs|emacs-nox|tests/e2e/test_watch_editors.py|saves of real editors
tmux|tmux|tests/e2e/test_watch_editors.py|editors in a terminal
systemd-analyze|systemd|tests/e2e/test_watch.py::test_the_service_is_one_that_systemd_takes|a unit for systemd
systemd-analyze|systemd|tests/server/test_deploy.py::test_the_unit_is_one_that_systemd_takes|a unit for systemd
fish|fish|tests/cli/test_shells.py::test_what_a_shell_offers[fish]|completion in fish
zsh|zsh|tests/cli/test_shells.py::test_what_a_shell_offers[zsh]|completion in zsh
node|nodejs|@tools|a language server, managers of hooks
npm|npm|@tools|a language server, managers of hooks
yaml-language-server|npm:yaml-language-server@2.0.0|@tools|a language server
mariadbd|mariadb-server|@databases|stores on MySQL
pg_ctlcluster|postgresql|@databases|stores on PostgreSQL
pgbouncer|pgbouncer|tests/drivers/test_sql_connections.py|a pooler in front of PostgreSQL
rsync|rsync|@databases|a Galera cluster
lefthook|npm:lefthook@2.2.2|@tools|a manager of hooks
zenml|pip:zenml[local,server]==0.98.0|@real_zenml|ZenML itself
husky|npm:husky@9.1.7|@tools|a manager of hooks
chromium|chromium|@browser|a browser for the page
chromedriver|chromium-driver|@browser|a browser for the page
axe-core|npm:axe-core@4.11.0|@browser|rules of accessibility
'

npm_has() { # PACKAGE, as the table has it: whether npm has brought just that version
    name=${1#npm:}
    grep -qs "\"version\": \"${name##*@}\"" "$npm/node_modules/${name%@*}/package.json"
}

missing() {
    echo "$programs" | while IFS='|' read -r program package suite why; do
        # A server's program need not be on everybody's PATH.
        [ -z "$program" ] || command -v "$program" >/dev/null 2>&1 || [ -x "/usr/sbin/$program" ] \
            || npm_has "$package" || [ -x "$zenml/bin/$program" ] || echo "$program|$package|$suite|$why"
    done
}

packages() { # lists packages that are missing: by apt, or with "npm:" or "pip:" those of npm or pip
    missing | cut -d'|' -f2 | sort -u | case $1 in
        *:) sed -n "s/^$1//p" ;;
        *) sed '/^npm:/d; /^pip:/d' ;;
    esac
}

install() { # WHO COMMAND...: says what it does; the log is shown only where it fails
    who=$1 log=$(mktemp)
    shift
    "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; echo "$who could not install what is missing" >&2; }
    rm -f "$log"
}

by_apt() {
    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

by_npm() { # without the packages' own scripts; one of them would set up hooks here
    npm install --prefix "$npm" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$@"
}

by_pip() {
    python3 -m venv "$zenml" && "$zenml/bin/python" -m pip --disable-pip-version-check --no-input install -q "$@"
}

wanted=$(packages apt)
if [ -n "$wanted" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing by apt:" $wanted
    # shellcheck disable=SC2086 # one word a package
    install apt by_apt $wanted
fi
if [ -n "$(packages npm:)" ] && command -v npm >/dev/null 2>&1; then
    # All of them, since npm takes away what it is not told of.
    wanted=$(echo "$programs" | cut -d'|' -f2 | sed -n 's/^npm://p' | sort -u)
    echo "Installing by npm:" $wanted
    # shellcheck disable=SC2086
    install npm by_npm $wanted
fi
wanted=$(packages pip:)
if [ -n "$wanted" ] && command -v python3 >/dev/null 2>&1; then
    echo "Installing by pip:" $wanted
    # shellcheck disable=SC2086
    install pip by_pip $wanted
fi

missing >"$arguments"
wanted=$(cat "$arguments")
: >"$arguments"
[ -n "$wanted" ] || exit 0
suites() { # of a column: itself, or the tests that import a module of tests/support
    case $1 in
        @*) (cd "$(dirname "$0")/.." && grep -rlE "^(from|import) ${1#@}( |\$)" --include='test_*.py' tests | sort) ;;
        *) echo "$1" ;;
    esac
}

echo "$wanted" | while IFS='|' read -r program package column why; do
    case $package in
        npm:*) advice="npm install ${package#npm:}" ;;
        pip:*) advice="python3 -m venv $zenml; $zenml/bin/pip install '${package#pip:}'" ;;
        *) advice="as root: apt-get install $package" ;;
    esac
    suites "$column" | while read -r suite; do
        echo "Left out: $suite ($why) needs $program; $advice" >&2
        case $suite in
            *::*) echo "--deselect=$suite" ;;
            *) echo "--ignore=$suite" ;;
        esac >>"$arguments"
    done
done
[ -z "${CI:-}" ] || { echo "In CI nothing is left out." >&2; exit 1; }
