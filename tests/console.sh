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
npm install --silent --no-audit --no-fund --no-save \
  playwright-core@1.65.1 axe-core@4.14.1 openapi-typescript@7.13.0 typescript@5.9.3 eslint@9.39.1 @eslint/js@9.39.1 \
  preact@11.2.0 htm@3.1.1 @preact/signals@2.11.4

if [ -z "$only" ]; then
  node "$crate/vendor.mjs"
  npx eslint assets
  # Libraries are vendored without their types, which come from the packages.
  for name in preact:preact hooks:preact/hooks signals:@preact/signals signals-core:@preact/signals-core; do
    printf 'export * from "%s";\n' "${name#*:}" >"assets/vendor/${name%%:*}.d.ts"
  done
  printf 'export { default } from "htm";\n' >assets/vendor/htm.d.ts
  npx openapi-typescript "$crate/../talk-http-actix/openapi.json" --output talk-api.d.ts
  npx tsc --project .
  node --test unit
fi
export CHROMIUM SERVER=$binary
for suite in browser/*${only}*.test.mjs; do
  node --test "$suite"
done
printf 'the console passes\n'
