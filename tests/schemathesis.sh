#!/usr/bin/env bash
# Sends generated requests to a running server, as its own OpenAPI document describes them, and
# fails on a 5xx, on anything the document does not say, and on bad input that is let pass.
# Usage: schemathesis.sh <server binary> <cases per operation>
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
server_binary=$(realpath "$1")
cases=${2:-20}
work=$(mktemp -d)
. "$here/server.sh"
cleanup() { stop_server; rm -rf "$work"; }
trap cleanup EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check schemathesis==4.32.5
start_server "$server_binary" "$work"
export SCHEMATHESIS_HOOKS=talk_hooks PYTHONPATH="$here/schemathesis"
cd "$work"
"$work/venv/bin/schemathesis" --config-file "$here/schemathesis/schemathesis.toml" run "$TALK_URL/openapi.json" \
  --url "$TALK_URL" --max-examples "$cases" ${SCHEMATHESIS_ARGS:-} || { tail -n 20 "$work/log"; exit 1; }
kill -0 "$server"
