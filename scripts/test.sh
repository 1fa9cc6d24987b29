#!/usr/bin/env bash
# The whole test run: installs what is missing, then check, unit (with the lab and the fuzz tests), contract, runs on the
# lab, system tests, drains in trouble, faults in every step, and load tests.
# Ends with what failed, the time of each and one line, `N passed, N failed`; exits 1 if anything failed.
#
#   bash scripts/test.sh [--only check|unit|contract|runs|system|trouble|faults|load]
#
# With CI=true a test that is skipped or still to be written counts as failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/node-modules.sh
source scripts/node-modules.sh

readonly packages=(
  kamailio kamailio-redis-modules kamailio-json-modules kamailio-utils-modules kamailio-extra-modules
  openssh-server openssh-client openssl sip-tester redis-server postgresql tmux
)
suites=(check unit contract runs system trouble faults load)

usage() {
  echo "usage: bash scripts/test.sh [--only check|unit|contract|runs|system|trouble|faults|load]" >&2
  exit 2
}

case ${1-} in
  '') ;;
  --only)
    [[ $# -eq 2 && " ${suites[*]} " == *" $2 "* ]] || usage
    suites=("$2")
    ;;
  *) usage ;;
esac

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
  done
}

# The servers under test are Debian's own: real Kamailio, OpenSSH, SIPp, Redis, PostgreSQL.
install_servers() {
  local missing as_root=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "The contract, system and load tests run on Debian only. They need: ${packages[*]}" >&2
    return 1
  fi
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} == 0)); then return 0; fi
  if ((EUID != 0)); then
    if ! sudo -n true 2>/dev/null; then
      echo "These packages are missing, and neither root nor 'sudo -n' is there to install them. Run:" >&2
      echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo -n)
  fi
  echo "Installing ${missing[*]}"
  "${as_root[@]}" bash scripts/install-servers.sh "${missing[@]}"
}

reports=$(mktemp -d)
reported=()
trap 'rm -rf "$reports"' EXIT
# The tests of drains in trouble and of faults write down what they saw; it is printed as one table at the end.
export FSHA_CASES="$reports/cases.ndjson"

# Prints nothing but the suite's own output; sets passed and failed.
run_suite() {
  local name=$1 code=0 projects=()
  if [[ $name == check ]]; then
    passed=0 failed=0
    bash scripts/check.sh || failed=1
    return
  fi
  projects=(--project "$name")
  if [[ $name == unit ]]; then projects+=(--project lab --project fuzz); fi
  node_modules/.bin/vitest run "${projects[@]}" \
    --reporter=default --reporter=json --outputFile.json="$reports/$name.json" || code=$?
  reported+=("$reports/$name.json")
  read -r passed failed < <(node scripts/count-tests.mjs "$reports/$name.json" "$code")
  # How many faults are tried stands in the README.
  if [[ $name == faults ]]; then
    node scripts/check-size.mjs "$reports/$name.json" README.md || failed=$((failed + 1))
  fi
}

require_node
if [[ " ${suites[*]} " =~ \ (contract|system|trouble|faults|load)\  ]]; then install_servers; fi
install_node_modules

table=$(printf '%-10s %8s %8s %8s' suite passed failed seconds)
all_passed=0
all_failed=0
for suite in "${suites[@]}"; do
  printf '\n=== %s\n' "$suite"
  began=$SECONDS
  run_suite "$suite"
  all_passed=$((all_passed + passed))
  all_failed=$((all_failed + failed))
  shown=$passed
  # The check is not made of tests: it counts only where it fails.
  if [[ $suite == check ]]; then shown=-; fi
  table+=$(printf '\n%-10s %8s %8s %8s' "$suite" "$shown" "$failed" "$((SECONDS - began))")
done

if [[ -s $FSHA_CASES ]]; then node scripts/print-cases.mjs "$FSHA_CASES"; fi
if ((all_failed > 0 && ${#reported[@]} > 0)); then node scripts/print-failures.mjs "${reported[@]}"; fi
printf '\n%s\n\n%s passed, %s failed\n' "$table" "$all_passed" "$all_failed"
((all_failed == 0))
