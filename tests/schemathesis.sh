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
export TALK_ADMIN_BIND= TALK_DATA_DIR="$work/data"
export TALK_JWT_SECRET=a-secret-of-the-tests-0123456789abcdef TALK_LOG=warn
export TALK_AGENT_RATE=0 TALK_CUSTOMER_RATE=0 TALK_ADDRESS_RATE=0 # one agent at one address is all there is
export TALK_BOOTSTRAP_USERNAME=root TALK_BOOTSTRAP_PASSWORD='a long password'
is_ready() { # whether the server answers, within a minute
  for _ in $(seq 600); do
    sleep 0.1
    kill -0 "$server" 2>/dev/null || return 1 # another one may have the port
    curl -fsS "http://$TALK_BIND/readyz" >/dev/null 2>&1 && return
  done
  return 1
}
for try in 1 2 3 4 5; do
  # Below the ports the system gives to outgoing connections.
  export TALK_BIND="127.0.0.1:$((10000 + RANDOM % 20000))"
  (cd "$work" && exec "$server_binary" serve >"$work/log" 2>&1) & server=$!
  is_ready && break
  [ "$try" -lt 5 ] && grep -q 'cannot listen' "$work/log" && continue
  cat "$work/log" >&2
  exit 1
done
export TALK_URL="http://$TALK_BIND" SCHEMATHESIS_HOOKS=talk_hooks PYTHONPATH="$here/schemathesis"
cd "$work"
"$work/venv/bin/schemathesis" --config-file "$here/schemathesis/schemathesis.toml" run "$TALK_URL/openapi.json" \
  --url "$TALK_URL" --max-examples "$cases" ${SCHEMATHESIS_ARGS:-} || { tail -n 20 "$work/log"; exit 1; }
kill -0 "$server"
