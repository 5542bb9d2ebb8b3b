#!/usr/bin/env bash
# Judges SMPP by a real message centre, that of the npm package `smpp`, on loopback.
# Usage: smpp.sh <talk-server binary>
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "${1:?usage: tests/smpp.sh <talk-server binary>}")
work=$(mktemp -d)
. "$here/server.sh"
trap 'stop_server; rm -rf "$work"' EXIT
cp "$here"/smpp/*.cjs "$work"
npm install --silent --no-audit --no-fund --no-save --prefix "$work" smpp@0.5.1
# Below the ports the system gives to outgoing connections, and beside those of the server.
port=$((30000 + RANDOM % 2000))
export TALK_SECRETS_KEY=a-key-of-the-tests-for-secrets-0123456789
export TALK_PROVIDER_ALLOW_NETWORKS=127.0.0.0/8,::1 TALK_PROVIDER_ALLOW_PORTS=$port,$((port + 1)) TALK_PROVIDER_TIMEOUT_SECONDS=5
# An authority that the server trusts, with a message centre, and a message centre of another one.
certify() { # <authority> <message centre>
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$1-key.pem" -out "$1.pem" 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout "$2-key.pem" -out "$2.csr" 2>/dev/null
  openssl x509 -req -days 2 -in "$2.csr" -CA "$1.pem" -CAkey "$1-key.pem" -CAcreateserial -out "$2.pem" \
    -extfile <(printf 'subjectAltName=DNS:localhost') 2>/dev/null
}
(cd "$work" && certify authority centre && certify another stranger)
export SSL_CERT_FILE=$work/authority.pem
start_server "$binary" "$work"
(cd "$work" && node judge.cjs "$binary" "$server" "$port") || { tail -50 "$work/log" >&2; exit 1; }
