#!/usr/bin/env bash
# Makes clients of the OpenAPI document with three generators, compiles a program that uses each, and
# runs it against a server: it logs in, posts, reacts, lists, and follows the log.
# Usage: clients.sh <server binary>
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "$1")
document=$here/../crates/talk-http-actix/openapi.json
work=$(mktemp -d)
. "$here/server.sh"
cleanup() { stop_server; rm -rf "$work"; }
trap cleanup EXIT
cp "$here"/clients/* "$work"
cd "$work"
printf '{"type": "module"}\n' >package.json
npm install --silent --no-audit --no-fund --no-save \
  openapi-typescript@7.13.0 openapi-fetch@0.17.0 @hey-api/openapi-ts@0.95.0 typescript@5.9.3 @types/node@20.19.0 tsx@4.20.6
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openapi-python-client==0.29.1 mypy==2.4.1 ruff==0.17.6

npx openapi-typescript "$document" --output talk.d.ts
npx openapi-ts --input "$document" --output hey
PATH="$work/venv/bin:$PATH" openapi-python-client generate --path "$document" --meta none \
  --output-path talk_client --fail-on-warning

compile() {
  npx tsc --strict --noUncheckedIndexedAccess --target es2022 --module esnext --moduleResolution bundler \
    --lib es2022,dom,dom.iterable --types node --skipLibCheck --noEmit "$@"
}
compile fetch.ts hey.ts
sed 's/"CHAT_CLOSED"/"CHAT_CLOSD"/' fetch.ts >misspelt.ts
if compile misspelt.ts >/dev/null; then
  printf 'a reason that does not exist compiles\n' >&2
  exit 1
fi
# The generator's own client.py, which no document changes, is not strictly typed.
venv/bin/mypy --strict --follow-imports=silent program.py talk_client/models talk_client/api

start_server "$binary" "$work"
for program in fetch hey; do
  npx tsx "$program.ts" "$TALK_URL"
done
venv/bin/python program.py "$TALK_URL"
kill -0 "$server"
printf 'the clients of three generators compile, and log in, post, react, list and follow\n'
