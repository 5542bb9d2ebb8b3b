#!/usr/bin/env bash
# Drives the cases of the Autobahn test suite against talk-socket and fails when one fails. The cases
# are those of the Python package kosoku, a port of the suite, which itself needs Python 2. Compression
# (sections 12 and 13 of the suite) is not offered. Usage: conformance.sh <echo binary>
set -euo pipefail
echo_binary=$1
work=$(mktemp -d)
server=
cleanup() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check kosoku==0.1.0
is_ready() { # whether the server listens, within a minute
  for _ in $(seq 600); do
    sleep 0.1
    kill -0 "$server" 2>/dev/null || return 1 # another one may have the port
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
  done
  return 1
}
for try in 1 2 3 4 5; do
  port=$((10000 + RANDOM % 20000)) # below those the system gives to outgoing connections
  "$echo_binary" "127.0.0.1:$port" 2>"$work/log" & server=$!
  is_ready && break
  [ "$try" -lt 5 ] && grep -q 'in use' "$work/log" && continue
  printf 'the echo server does not listen:\n' >&2
  cat "$work/log" >&2
  exit 1
done
"$work/venv/bin/kosoku" --parallelism 4 --exclude '12.*' --exclude '13.*' \
  --outdir "$work/reports" "127.0.0.1:$port"
