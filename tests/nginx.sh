#!/usr/bin/env bash
# Runs the server behind a real nginx with the shipped config/nginx.conf, in which only addresses and
# paths are replaced, and checks from outside what the two do together (nginx/check.py). Needs nginx,
# openssl, and Python with venv. Usage: nginx.sh <server binary>
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
server_binary=$(realpath "${1:?usage: tests/nginx.sh <talk-server binary>}")
command -v nginx >/dev/null || { echo 'nginx is not installed' >&2; exit 1; }
work=$(mktemp -d)
chmod 755 "$work" # the workers of nginx are another user
end() { # what was started and still runs
  kill $(jobs -pr) 2>/dev/null || true
  wait
}
trap 'end; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check websockets==15.0.1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
  -keyout "$work/privkey.pem" -out "$work/fullchain.pem" 2>/dev/null

# Writes a configuration around the shipped file. Send buffers are small, so that an answer that nobody
# reads waits in nginx and not in the kernel. The second configuration gives up a quiet socket much earlier
# than the shipped timeout, but later than a ping.
configure() { # directory, port with TLS, port without, seconds without a byte on a socket
  mkdir -p "$1/body" "$1/proxy"
  sed -e "s/127\.0\.0\.1:8095/$TALK_BIND/; /listen \[::\]/d" \
    -e "s/listen 80;/listen 127.0.0.1:$3;/; s/listen 443 ssl;/listen 127.0.0.1:$2 ssl sndbuf=64k;/" \
    -e "s/talk\.example\.com;/localhost;/; s#/etc/letsencrypt/live/talk\.example\.com#$work#" \
    -e "s#/var/log/nginx#$1#; s/proxy_read_timeout 90s;/proxy_read_timeout $4;/" \
    "$here/../config/nginx.conf" >"$1/talk.conf"
  cat >"$1/nginx.conf" <<END
daemon off;
worker_processes 2;
pid $1/pid;
error_log $1/error.log notice;
events { worker_connections 1000; }
http {
  client_body_temp_path $1/body;
  proxy_temp_path $1/proxy;
  fastcgi_temp_path $1/other;
  uwsgi_temp_path $1/other;
  scgi_temp_path $1/other;
  include $1/talk.conf;
}
END
}

export TALK_DATA_DIR="$work/data" TALK_JWT_SECRET=a-secret-of-the-tests-0123456789abcdef
export TALK_ADMIN_BIND= TALK_BOOTSTRAP_USERNAME=root TALK_BOOTSTRAP_PASSWORD='a long password'
# Clients of the checks come from other addresses of the loopback network.
export TALK_TRUSTED_PROXIES=127.0.0.1 TALK_ADDRESS_RATE=20 TALK_ADDRESS_BURST=200
export SERVER="$server_binary" WORK="$work"
is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
started() { # waits until the three ports answer, for a minute; fails when a process ends
  for _ in $(seq 600); do
    sleep 0.1
    [ "$(jobs -pr | wc -l)" = 3 ] || return 1
    is_open "$TLS" && is_open "$SHORT" && is_open "${TALK_BIND##*:}" && return
  done
  return 1
}
for try in 1 2 3 4 5; do
  first=$((10000 + RANDOM % 20000)) # below the ports the system gives to outgoing connections
  export TALK_BIND="127.0.0.1:$first" TLS=$((first + 1)) PLAIN=$((first + 2)) SHORT=$((first + 3))
  configure "$work/nginx" "$TLS" "$PLAIN" 90s
  configure "$work/short" "$SHORT" $((first + 4)) 30s
  (cd "$work" && exec "$server_binary" serve >"$work/log" 2>&1) &
  export SERVER_PID=$!
  for nginx in nginx short; do
    nginx -c "$work/$nginx/nginx.conf" -p "$work/$nginx" 2>"$work/$nginx/stderr" &
  done
  started && break
  end
  [ "$try" -lt 5 ] && grep -qE 'cannot listen|in use' "$work/log" "$work"/*/error.log && continue
  tail -n 20 "$work/log" "$work"/*/stderr "$work"/*/error.log >&2
  exit 1
done
"$work/venv/bin/python" "$here/nginx/check.py" || {
  tail -n 20 "$work/log" "$work"/*/error.log >&2
  exit 1
}
