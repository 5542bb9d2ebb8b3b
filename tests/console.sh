#!/usr/bin/env bash
# Tests the console: types, lint, units, and everything in a real browser against a demo server.
# Usage: console.sh <talk-server binary> [name of a browser test]
# Needs Node and Chromium (CHROMIUM names it, or it is found in PATH).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "${1:?usage: tests/console.sh <talk-server binary> [test]}")
only=${2:-}
crate=$here/../crates/talk-console
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A copy, so that the libraries of the tests are found from every module.
cp -r "$crate/assets" "$crate/types.d.ts" "$here"/console/. "$work"
cd "$work"
printf '{"type": "module", "private": true}\n' >package.json
npm install --silent --no-audit --no-fund --no-save playwright-core@1.65.1 axe-core@4.14.1
export CHROMIUM SERVER=$binary
for suite in browser/*${only}*.test.mjs; do
  node --test "$suite"
done
printf 'the console passes\n'
