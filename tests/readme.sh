#!/usr/bin/env bash
# Runs the commands of README's tutorial as printed, against a demo server of its own. Needs curl.
# usage: tests/readme.sh <talk-server binary>
set -euo pipefail
server=$(realpath "${1:?usage: tests/readme.sh <talk-server binary>}")
readme=$(realpath "$(dirname "$0")/../README.md")
port=$((20000 + RANDOM % 20000))
work=$(mktemp -d)
cd "$work"
"$server" dev --bind "127.0.0.1:$port" --admin-bind "" >banner.txt 2>log.txt &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT

for _ in $(seq 100); do
  curl -sf "http://127.0.0.1:$port/readyz" >/dev/null && break
  kill -0 "$pid" || { cat log.txt; exit 1; }
  sleep 0.1
done

block() { # the shell commands between two headings
  awk -v from="$1" -v to="$2" '
    $0 == from { on = 1 } $0 == to { on = 0 }
    on && /^```sh$/ { code = 1; next } on && /^```$/ { code = 0 } on && code' "$readme"
}

tutorial=$(block '## Tutorial' '## What is promised' | sed "s/127\.0\.0\.1:8095/127.0.0.1:$port/g")
answers=$(bash -euo pipefail -c "$tutorial")
for expected in '"username":"alice"' '"text":"Sprint 1 completed!"' '"text":"What is next?"' \
  '"emoji":"thumbsup"' '"reply_count":1' '"type":"chatmessage_reaction_updated"' '"head":'; do
  grep -qF "$expected" <<<"$answers" || {
    printf 'README: no %s in the answers\n%s\n' "$expected" "$answers" >&2
    exit 1
  }
done

# What the banner prints works as printed; the last command tails the events until it is ended.
commands=$(grep -E '^ *curl ' banner.txt)
while IFS= read -r command; do
  answer=$(timeout 10 bash -euo pipefail -c "$command")
  grep -q '"error"' <<<"$answer" && { printf 'banner: %s\n%s\n' "$command" "$answer" >&2; exit 1; }
done <<<"$commands"
[ -n "$commands" ] || { echo 'banner: no commands' >&2; exit 1; }
printf 'readme: %s commands of the banner and the tutorial ran\n' "$(wc -l <<<"$commands")"
