#!/usr/bin/env bash
# Compares the keys of reactions with Unicode's table of emoji, as the Python package `emoji` has it.
# Usage: emoji.sh <emoji_keys binary>
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
keys_binary=$(realpath "${1:?usage: tests/emoji.sh <emoji_keys binary>}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check emoji==2.16.0
"$work/venv/bin/python" "$here/emoji/keys.py" "$keys_binary"
