#!/usr/bin/env bash
# Sends generated requests to a running server, as its own OpenAPI document describes them, and
# fails on a 5xx, on anything the document does not say, and on bad input that is let pass.
# Usage: schemathesis.sh <server binary> <cases per operation>
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
server_binary=$(realpath "$1")
cases=${2:-20}
work=$(mktemp -d)
server=
cleanup() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check schemathesis==4.32.5
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
export TALK_BIND="127.0.0.1:$(port)" TALK_ADMIN_BIND="127.0.0.1:$(port)" TALK_DATA_DIR="$work/data"
export TALK_JWT_SECRET=a-secret-of-the-tests-0123456789abcdef TALK_LOG=warn
export TALK_BOOTSTRAP_USERNAME=root TALK_BOOTSTRAP_PASSWORD='a long password'
(cd "$work" && exec "$server_binary" serve >"$work/log" 2>&1) & server=$!
for _ in $(seq 100); do curl -fsS "http://$TALK_BIND/readyz" >/dev/null 2>&1 && break; sleep 0.1; done
export TALK_URL="http://$TALK_BIND" SCHEMATHESIS_HOOKS=talk_hooks PYTHONPATH="$here/schemathesis"
cd "$work"
"$work/venv/bin/schemathesis" --config-file "$here/schemathesis/schemathesis.toml" run "$TALK_URL/openapi.json" \
  --url "$TALK_URL" --max-examples "$cases" ${SCHEMATHESIS_ARGS:-} || { tail -n 20 "$work/log"; exit 1; }
kill -0 "$server"
