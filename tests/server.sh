# Sourced by the suites that need a server. `start_server <binary> <folder>` starts one that keeps its
# data and its log in the folder, with the admin `root`, and sets TALK_URL; `stop_server` stops it.
server=
start_server() {
  local try binary=$1 folder=$2
  export TALK_ADMIN_BIND= TALK_DATA_DIR="$folder/data"
  export TALK_JWT_SECRET=a-secret-of-the-tests-0123456789abcdef TALK_LOG=warn
  export TALK_AGENT_RATE=0 TALK_CUSTOMER_RATE=0 TALK_ADDRESS_RATE=0 # one agent at one address is all there is
  export TALK_BOOTSTRAP_USERNAME=root TALK_BOOTSTRAP_PASSWORD='a long password'
  for try in 1 2 3 4 5; do
    # Below the ports the system gives to outgoing connections.
    export TALK_BIND="127.0.0.1:$((10000 + RANDOM % 20000))"
    (cd "$folder" && exec "$binary" serve >"$folder/log" 2>&1) & server=$!
    if is_ready; then export TALK_URL="http://$TALK_BIND"; return; fi
    [ "$try" -lt 5 ] && grep -q 'cannot listen' "$folder/log" && continue
    cat "$folder/log" >&2
    return 1
  done
}
is_ready() { # whether the server answers, within a minute
  local _
  for _ in $(seq 600); do
    sleep 0.1
    kill -0 "$server" 2>/dev/null || return 1 # another one may have the port
    curl -fsS "http://$TALK_BIND/readyz" >/dev/null 2>&1 && return
  done
  return 1
}
stop_server() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; }
