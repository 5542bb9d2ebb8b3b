#!/usr/bin/env bash
# Judges SMS by the libraries of the providers, the Python packages `twilio` and `telnyx`: 8,000 requests to
# the hook, signed and tampered with, are accepted if and only if the library accepts them, and the
# requests that send a message are those that the library makes.
# Where the descriptions of the providers lie beside the checkout, Prism judges by that of Twilio what is
# sent (needs Node).
# Usage: sms.sh <talk-server binary>
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "${1:?usage: tests/sms.sh <talk-server binary>}")
work=$(mktemp -d)
. "$here/server.sh"
description=$here/../../shared/specs/twilio/twilio_api_v2010.json
prism=
trap 'stop_server; [ -z "$prism" ] || kill "$prism"; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check twilio==9.13.0 telnyx==4.189.0 pynacl==1.6.2
# Below the ports the system gives to outgoing connections, and beside those of the server.
port=$((30000 + RANDOM % 1000))
ports=$port
if [ -f "$description" ]; then
  npm install --silent --no-audit --no-fund --no-save --prefix "$work" @stoplight/prism-cli@5.16.0
  ports=$port,$((port + 1000))
  "$work/node_modules/.bin/prism" mock --host 127.0.0.1 --port $((port + 1000)) "$description" \
    >"$work/prism.log" 2>&1 & prism=$!
fi
export TALK_SECRETS_KEY=a-key-of-the-tests-for-secrets-0123456789 TALK_PUBLIC_URL=https://talk.test
export TALK_PROVIDER_ALLOW_HTTP=true TALK_PROVIDER_ALLOW_NETWORKS=127.0.0.0/8 TALK_PROVIDER_ALLOW_PORTS=$ports
start_server "$binary" "$work"
"$work/venv/bin/python" "$here/sms/judge.py" "$port"
if [ -n "$prism" ]; then
  "$work/venv/bin/python" "$here/sms/described.py" $((port + 1000)) || { cat "$work/prism.log" >&2; exit 1; }
else
  printf 'the descriptions of the providers are not beside the checkout: Prism judges nothing\n'
fi
