#!/bin/sh
# PyYAML 6.0.4: its C parser refuses a valid document of 1,001 nested flow sequences, which its Python parser reads, and
# which the C parser of 6.0.3 reads too. The error comes out of the scanner, ahead of the events: a program that
# bounds depth by counting events sees one of them (the fifth event), and then a ScannerError.
#
# Seen 2026-11-28, CPython 3.11:
#   6.0.3 c: 2009 events
#   6.0.3 python: 2009 events
#   6.0.4 c: 5 events, then ScannerError: exceeded maximum nesting depth
#   6.0.4 python: 2009 events
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/look.py" <<'PYTHON'
import yaml

text = "a: " + "[" * 1001 + "]" * 1001
for name, loader in (("c", yaml.CSafeLoader), ("python", yaml.SafeLoader)):
    count, error = 0, ""
    try:
        for _ in yaml.parse(text, Loader=loader):
            count += 1
    except yaml.YAMLError as raised:
        error = f", then {type(raised).__name__}: {raised.problem}"
    print(f"{yaml.__version__} {name}: {count} events{error}")
PYTHON
for version in 6.0.3 6.0.4; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "pyyaml==$version" 2>/dev/null
    "$folder/$version/bin/python" "$folder/look.py"
done | tee "$folder/seen"
sed -n 's/^#   //p' "$0" | diff - "$folder/seen" >/dev/null || { echo "this has changed" >&2; exit 1; }
