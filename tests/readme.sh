#!/usr/bin/env bash
# Runs README's tutorial, its subscribers and its command line as printed, against a demo server of its own. Needs
# curl, Python with venv, and Node 20 or later.
# usage: tests/readme.sh <talk-server binary>, beside which the binary `talk` is
set -euo pipefail
server=$(realpath "${1:?usage: tests/readme.sh <talk-server binary>}")
PATH="$(dirname "$server"):$PATH"
readme=$(realpath "$(dirname "$0")/../README.md")
work=$(mktemp -d)
trap 'kill ${pid:-} ${followers:-} 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
serve() { # its banner is its own word: whoever has the port would answer the probe
  "$server" dev --bind "127.0.0.1:$port" --admin-bind "" >banner.txt 2>>log.txt &
  pid=$!
  for _ in $(seq 600); do
    [ -s banner.txt ] && curl -sf "http://127.0.0.1:$port/readyz" >/dev/null && return
    kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}
fail() {
  cat log.txt >&2
  exit 1
}
for try in 1 2 3 4 5; do
  port=$((10000 + RANDOM % 20000)) # below those the system gives to outgoing connections
  serve && break
  [ "$try" -lt 5 ] && grep -q 'cannot listen' log.txt || fail
  rm log.txt
done

block() { # the code of a language in a section
  awk -v from="$1" -v fence="\`\`\`$2" '
    /^## / { on = ($0 == from) }
    on && $0 == fence { code = 1; next } on && /^```$/ { code = 0 } on && code' "$readme"
}

tutorial=$(block '## Tutorial' sh | sed "s/127\.0\.0\.1:8095/127.0.0.1:$port/g")
answers=$(bash -euo pipefail -c "$tutorial")
for expected in '"username":"alice"' '"text":"Sprint 1 completed!"' '"text":"What is next?"' \
  '"name":"design-document.txt","mime":"text/plain","size":20' '"emoji":"thumbsup"' '"reply_count":1' '"type":"chatmessage_reaction_updated"' '"head":'; do
  grep -qF "$expected" <<<"$answers" || {
    printf 'README: no %s in the answers\n%s\n' "$expected" "$answers" >&2
    exit 1
  }
done

# What the banner prints works as printed; the last command tails the events until it is ended.
commands=$(grep -E '^ *curl ' banner.txt)
while IFS= read -r command; do
  answer=$(timeout 60 bash -euo pipefail -c "$command")
  grep -q '"error"' <<<"$answer" && { printf 'banner: %s\n%s\n' "$command" "$answer" >&2; exit 1; }
done <<<"$commands"
[ -n "$commands" ] || { echo 'banner: no commands' >&2; exit 1; }
printf 'readme: %s commands of the banner and the tutorial ran\n' "$(wc -l <<<"$commands")"

# The subscribers see what is said before and after the server is killed.
login=$(curl -s "http://127.0.0.1:$port/auth/login" -H 'Content-Type: application/json' \
  -d '{"username":"alice","password":"talk-demo"}')
TOKEN=$(sed 's/.*"token":"\([^"]*\)".*/\1/' <<<"$login")
me=$(curl -s "http://127.0.0.1:$port/v1.0/service_agents/me?token=$TOKEN")
AGENT=$(sed 's/^{"id":"\([^"]*\)".*/\1/' <<<"$me")
URL="ws://127.0.0.1:$port"
export TOKEN AGENT URL
chat=$(grep -o '"chat_id":"[^"]*"' banner.txt | head -n 1 | cut -d'"' -f4)
say() {
  curl -sf "http://127.0.0.1:$port/v1.0/service_agents/talk_messages?token=$TOKEN" \
    -H 'Content-Type: application/json' -d "{\"chat_id\":\"$chat\",\"text\":\"$1\"}" >/dev/null
}
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check websockets==15.0.1
block '## Follow in real time' python >follow.py
{
  block '## Follow in real time' js
  echo 'const { URL, TOKEN, AGENT } = process.env;'
  echo 'follow(URL, TOKEN, AGENT, (frame) => console.log(JSON.stringify(frame)));'
} >follow.js
venv/bin/python follow.py >python.txt 2>&1 & followers=$!
node --experimental-websocket follow.js >node.txt 2>&1 & followers="$followers $!"
seen() { # waits until both have seen a text
  for _ in $(seq 600); do
    grep -q "$1" python.txt && grep -q "$1" node.txt && return
    sleep 0.1
  done
  tail -n 20 python.txt node.txt
  exit 1
}
for _ in $(seq 600); do say 'are you there?'; grep -q 'there?' python.txt && grep -q 'there?' node.txt && break; sleep 0.1; done
say 'before the crash'
seen 'before the crash'
kill -9 "$pid"
wait "$pid" 2>/dev/null || true # it holds the port until it is gone
serve || fail
say 'after the crash'
seen 'after the crash'
for text in 'before the crash' 'after the crash'; do
  for file in python.txt node.txt; do
    [ "$(grep -c "$text" "$file")" = 1 ] || { echo "$file: not once: $text" >&2; exit 1; }
  done
done
echo "readme: both subscribers saw everything once"

# The command line: it sends, and its tail goes on where it ended.
export CHAT=$chat XDG_CONFIG_HOME=$work/config
commands=$(block '## Follow in real time' sh | sed "s/127\.0\.0\.1:8095/127.0.0.1:$port/g")
grep -v '^talk tail' <<<"$commands" >talk.sh
tail_command=$(grep '^talk tail' <<<"$commands")
shown() { # runs the tail until it has printed a text
  bash -c "$tail_command" >>tail.txt 2>>tail.err & tail_pid=$!
  for _ in $(seq 600); do
    grep -q "$1" tail.txt && { kill "$tail_pid"; wait "$tail_pid" 2>/dev/null || true; return; }
    [ "${2:-}" ] && grep -q . tail.err && say "$1" && set -- "$1"
    sleep 0.1
  done
  cat tail.txt tail.err
  exit 1
}
bash -euo pipefail talk.sh
shown 'while it runs' say
say 'while it is away'
shown 'while it is away'
[ "$(grep -c 'while it runs' tail.txt)" = 1 ] || { echo 'talk tail: not once' >&2; exit 1; }
echo "readme: the command line sent, and its tail went on where it ended"

# The other sections, with the token of the tutorial's login.
for section in '## Search' '## Intercepts' '## Deprecated endpoints' '## Reading the API'; do
  block "$section" sh | sed "s/127\.0\.0\.1:8095/127.0.0.1:$port/g"
done >sections.sh
answers=$(bash -euo pipefail sections.sh)
for expected in '"text":"Sprint 1 completed!"' "$AGENT: Sprint 1 completed!" \
  '"on_error":"hold","enabled":true' 'held until an admin releases it: ' '"text":"Held as well"' \
  '"text":"Call me at 555 0100","medias":[],"metadata"' '"decision":"hold"' \
  '"text":"Hello from the old API"' '"operationId":"searchMessages"' '200 OK'; do
  grep -qF "$expected" <<<"$answers" || {
    printf 'README: no %s in the answers\n%s\n' "$expected" "$answers" >&2
    exit 1
  }
done
echo "readme: the search, the intercept, the older API and the descriptions answered"

# What operators do beside the server, and while it is stopped.
block '## Operating' sh | sed "s/127\.0\.0\.1:8095/127.0.0.1:$port/g" >operating.sh
answers=$(bash -euo pipefail operating.sh)
for expected in 'bind = "127.0.0.1:8095" (default)' 'ready' 'messages' 'every table' 'demo'; do
  grep -qF "$expected" <<<"$answers" || { printf 'README: no %s in\n%s\n' "$expected" "$answers" >&2; exit 1; }
done
block '## Erasing and deleting' sh >erasing.sh
answers=$(bash -euo pipefail erasing.sh)
for expected in 'Erased agent' 'Former'; do
  grep -qF "$expected" <<<"$answers" || { printf 'README: no %s in\n%s\n' "$expected" "$answers" >&2; exit 1; }
done
say 'after the backup'
block '## Restoring, upgrading, going back' sh >restoring.sh
if bash -euo pipefail restoring.sh 2>refusal.txt; then echo 'README: restored beside a server' >&2; exit 1; fi
grep -q 'another server uses this database' refusal.txt
kill "$pid"
wait "$pid"
bash -euo pipefail restoring.sh
serve || fail
curl -sf "http://127.0.0.1:$port/v1.0/service_agents/talk_messages?chat_id=$chat&token=$TOKEN" >restored.txt
grep -q 'before the crash' restored.txt
if grep -q 'after the backup' restored.txt; then echo 'README: not the backup' >&2; exit 1; fi
echo "readme: a backup was made, and restored"
