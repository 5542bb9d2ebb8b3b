#!/usr/bin/env bash
# Lints the OpenAPI document, makes a TypeScript client of it, and compiles a program that uses it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
document=$here/../crates/talk-http-actix/openapi.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/openapi/client.ts "$here/openapi/redocly.yaml" "$work"
cd "$work"
npm install --silent --no-audit --no-fund --no-save --prefix "$work" \
  @redocly/cli@2.77.0 openapi-typescript@7.13.0 openapi-fetch@0.17.0 typescript@5.9.3
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
npx redocly lint --config redocly.yaml "$document"
npx openapi-typescript "$document" --output talk.d.ts
compile() {
  npx tsc --noEmit --strict --target es2022 --module esnext --moduleResolution bundler \
    --lib es2022,dom "$1"
}
compile client.ts
sed 's/"CHAT_CLOSED"/"CHAT_CLOSD"/' client.ts >misspelt.ts
if compile misspelt.ts >/dev/null; then
  printf 'a reason that does not exist compiles\n' >&2
  exit 1
fi
printf 'the document is sound, a client of it compiles, and a misspelt reason does not\n'
