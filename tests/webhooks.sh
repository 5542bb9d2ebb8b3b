#!/usr/bin/env bash
# Verifies deliveries of webhooks with the libraries that receivers use: the Python package
# `standardwebhooks`, and the Node packages `standardwebhooks` and `svix`.
# Usage: webhooks.sh <talk-server binary>
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "${1:?usage: tests/webhooks.sh <talk-server binary>}")
work=$(mktemp -d)
. "$here/server.sh"
trap 'stop_server; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check standardwebhooks==1.0.0
npm install --silent --no-audit --no-fund --no-save --prefix "$work" standardwebhooks@1.0.0 svix@1.84.1
# Below the ports the system gives to outgoing connections, and beside those of the server.
port=$((30000 + RANDOM % 2000))
export TALK_SECRETS_KEY=a-key-of-the-tests-for-secrets-0123456789
export TALK_WEBHOOK_ALLOW_HTTP=true TALK_WEBHOOK_ALLOW_NETWORKS=127.0.0.0/8 TALK_WEBHOOK_ALLOW_PORTS=$port
start_server "$binary" "$work"
"$work/venv/bin/python" "$here/webhooks/receive.py" "$port" "$work/deliveries.json"
cp "$here/webhooks/verify.cjs" "$work"
(cd "$work" && node verify.cjs deliveries.json)
