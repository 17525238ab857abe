#!/bin/sh
# Make the environments of `make bench`: zenprofile as its users install it, and beside it the peers.
# $1: the folder for both. A peer that cannot be installed is left out; the run names it.
set -eu
unset PYTHONDONTWRITEBYTECODE
place=$1
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$place"
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cd "$here"
cp -R setup.cfg setup.py pyproject.toml README.md LICENSE MANIFEST.in zenprofile schemas hooks "$copy"
cd - >/dev/null
[ -x "$place/ours/bin/python" ] || "$python" -m venv "$place/ours"
pip() { "$place/$1/bin/python" -m pip --disable-pip-version-check --no-input install --quiet "$2"; }
"$place/ours/bin/python" -m pip uninstall --quiet --yes zenprofile >/dev/null 2>&1 || true
pip ours "$copy[server]"
pip ours ruamel.yaml 2>/dev/null || true
"$place/ours/bin/python" -m compileall -q "$place/ours/lib" >/dev/null 2>&1 || true
[ -x "$place/peers/bin/python" ] || "$python" -m venv "$place/peers"
for peer in check-jsonschema==0.33.0 yamllint==1.35.1; do
    pip peers "$peer" 2>/dev/null || pip peers "${peer%%=*}" 2>/dev/null || echo "cannot be installed: $peer" >&2
done
"$place/peers/bin/python" -m compileall -q "$place/peers/lib" >/dev/null 2>&1 || true
[ -x "$place/zenml/bin/zenml" ] || "$python" -m venv "$place/zenml"
pip zenml 'zenml[local]==0.98.0' 2>/dev/null || echo "cannot be installed: zenml" >&2
