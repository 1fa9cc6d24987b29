#!/usr/bin/env bash
# Everything that can be said of the code without running it: types, lint, format, dead code, import directions.
# All of them run even when one fails; exits 1 then.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

failed=()

check() {
  local name=$1 started=$EPOCHREALTIME verdict=ok output
  shift
  if ! output=$("$@" 2>&1); then
    verdict=FAILED
    failed+=("$name")
    printf '%s\n' "$output"
  fi
  # EPOCHREALTIME has the locale's decimal mark; without it, it is microseconds.
  printf '%-8s %-6s %6s ms\n' "$name" "$verdict" "$(((${EPOCHREALTIME//[.,]/} - ${started//[.,]/}) / 1000))"
}

check types tsc -p .
check lint eslint --max-warnings 0 .
check format prettier --check --log-level warn .
check unused knip --no-progress
check imports depcruise --output-type err src

if ((${#failed[@]} > 0)); then
  echo "check: ${failed[*]} failed" >&2
  exit 1
fi
