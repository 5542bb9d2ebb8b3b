#!/usr/bin/env bash
# Judges SMS by the libraries of the providers, the Python packages `twilio` and `telnyx`: 8,000 requests to
# the hook, signed and tampered with, are accepted if and only if the library accepts them, and the
# requests that send a message are those that the library makes.
# Usage: sms.sh <talk-server binary>
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "${1:?usage: tests/sms.sh <talk-server binary>}")
work=$(mktemp -d)
. "$here/server.sh"
trap 'stop_server; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check twilio==9.13.0 telnyx==4.189.0 pynacl==1.6.2
# Below the ports the system gives to outgoing connections, and beside those of the server.
port=$((30000 + RANDOM % 2000))
export TALK_SECRETS_KEY=a-key-of-the-tests-for-secrets-0123456789 TALK_PUBLIC_URL=https://talk.test
export TALK_PROVIDER_ALLOW_HTTP=true TALK_PROVIDER_ALLOW_NETWORKS=127.0.0.0/8 TALK_PROVIDER_ALLOW_PORTS=$port
start_server "$binary" "$work"
"$work/venv/bin/python" "$here/sms/judge.py" "$port"
