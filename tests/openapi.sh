#!/usr/bin/env bash
# Lints the OpenAPI document with the default rules of Redocly and Spectral: a warning fails too. The
# AsyncAPI document of the socket is checked by AsyncAPI's own parser.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
documents=$here/../crates/talk-http-actix
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --no-save --prefix "$work" \
  @redocly/cli@2.77.0 @stoplight/spectral-cli@6.16.3 @asyncapi/parser@3.6.6
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
npx redocly lint --max-problems 1000 "$documents/openapi.json" 2>&1 | tee redocly.log
if grep -q 'You have [0-9]* warning' redocly.log; then exit 1; fi
printf 'extends: ["spectral:oas"]\n' >spectral.yaml
npx spectral lint --ruleset spectral.yaml --fail-severity warn "$documents/openapi.json"
cp "$here/asyncapi.cjs" .
node asyncapi.cjs "$documents/asyncapi.json"
printf 'the documents are sound\n'
