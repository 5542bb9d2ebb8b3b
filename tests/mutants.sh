#!/usr/bin/env bash
# Changes the rules and the delivery, one place at a time, and fails unless a test fails each time.
# Tries the places that differ from the base: the one that is given, or else the merge base with
# `main`, or on `main` itself the commit before. A sample of so many that it takes about five minutes.
# Without a history to compare with it tries a fixed sample of both crates.
# Usage: mutants.sh [base commit]
set -euo pipefail
cd "$(dirname "$0")/.."
version=27.1.0
most=25
crates=(crates/talk-domain crates/talk-events)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export PATH=$PWD/target/tools/bin:$PATH
if [ "$(cargo mutants --version 2>/dev/null)" != "cargo-mutants $version" ]; then
  cargo install --quiet --debug --locked --version "$version" --root target/tools cargo-mutants
fi
# The build of the copy is kept beside the others.
export CARGO_TARGET_DIR=$PWD/target/mutants CARGO_PROFILE_DEV_DEBUG=0
mutants() { cargo mutants --package talk-domain --package talk-events "$@"; }

base=${1:-}
if [ -z "$base" ]; then
  for main in origin/main main; do
    base=$(git merge-base HEAD "$main" 2>/dev/null) && break
  done
  if [ -z "$base" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then
    base=$(git rev-parse --verify --quiet HEAD~1) || base=
  fi
fi
if [ -n "$base" ]; then
  git diff "$base" -- "${crates[@]}" >"$work/diff"
  places=0
  if [ -s "$work/diff" ]; then
    places=$(mutants --list --in-diff "$work/diff" | wc -l)
  fi
  printf '%d places of the rules differ from %s\n' "$places" "${base:0:12}"
  [ "$places" -gt 0 ] || exit 0
  chosen=(--in-diff "$work/diff")
else
  places=$(mutants --list | wc -l)
  printf 'no history to compare with: a sample of all %d places\n' "$places"
  chosen=()
fi
shards=$(((places + most - 1) / most))
[ "$shards" = 1 ] || printf 'one of %d is tried\n' "$shards"
status=0
mutants "${chosen[@]}" --shard "0/$shards" --sharding round-robin --timeout 60 \
  --output "$work" --colors never || status=$?
# 3: a test never ended, which has noticed the change too, and says nothing about the other changes.
if [ "$status" = 3 ] && [ ! -s "$work/mutants.out/missed.txt" ]; then exit 0; fi
exit "$status"
