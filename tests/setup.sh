#!/bin/sh
# Brings the programs that tests need, as root by apt, and writes pytest's arguments that leave out the suites whose
# program is still missing. Each of those is named; where CI is set, a missing program is a failure instead.
#
# usage: tests/setup.sh FILE-FOR-ARGUMENTS
set -eu
arguments=$1

# program | Debian package | suite that needs it | what for
programs='
strace|strace|tests/hostile/test_kill.py|a kill at every system call of a write
sshd|openssh-server|tests/drivers/test_remote.py|a remote over ssh
openssl|openssl|tests/drivers/test_remote.py|a certificate for a remote over https
'

missing() {
    echo "$programs" | while IFS='|' read -r program package suite why; do
        # A server's program need not be on everybody's PATH.
        [ -z "$program" ] || command -v "$program" >/dev/null 2>&1 || [ -x "/usr/sbin/$program" ] \
            || echo "$program|$package|$suite|$why"
    done
}

wanted=$(missing)
if [ -n "$wanted" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    packages=$(echo "$wanted" | cut -d'|' -f2 | sort -u)
    echo "Installing by apt:" $packages
    log=$(mktemp)
    # shellcheck disable=SC2086 # one word a package
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages; } \
        >"$log" 2>&1 || { tail -n 20 "$log" >&2; echo "apt could not install: $packages" >&2; }
    rm -f "$log"
    wanted=$(missing)
fi

: >"$arguments"
[ -n "$wanted" ] || exit 0
echo "$wanted" | while IFS='|' read -r program package suite why; do
    echo "Left out: $suite ($why) needs $program; as root: apt-get install $package" >&2
    echo "--ignore=$suite" >>"$arguments"
done
[ -z "${CI:-}" ] || { echo "In CI nothing is left out." >&2; exit 1; }
