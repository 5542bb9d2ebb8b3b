#!/usr/bin/env bash
# Drives the Autobahn cases against the server's own socket code (kosoku, a Python package) and
# fails when one fails. Compression (cases 12 and 13) is not offered. Usage: conformance.sh <echo binary>
set -euo pipefail
echo_binary=$1
work=$(mktemp -d)
cleanup() { kill "$server" 2>/dev/null || true; rm -rf "$work"; }
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check kosoku==0.1.0
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$echo_binary" "127.0.0.1:$port" & server=$!
trap cleanup EXIT
for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
"$work/venv/bin/kosoku" --parallelism 4 --exclude '12.*' --exclude '13.*' \
  --outdir "$work/reports" "127.0.0.1:$port"
