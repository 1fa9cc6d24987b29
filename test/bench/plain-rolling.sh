#!/usr/bin/env bash
# A rolling restart as it is done by hand: out of the dispatcher (inactive), wait until FreeSWITCH says that no call is left,
# restart, back in. Beside fsha in bench:rolling, so that the two are measured in one run.
#
#   plain-rolling.sh PROXY_RPC_URLS NODE...      NODE: DESTINATION|ESL_HOST|ESL_PASSWORD|RESTART COMMAND
set -u
IFS=' ' read -r -a proxies <<<"$1"
shift

rpc() { # URL STATE DESTINATION
  curl -s -o /dev/null --max-time 5 -H 'content-type: application/json' \
    -d "{\"jsonrpc\":\"2.0\",\"method\":\"dispatcher.set_state\",\"params\":[\"$2\",1,\"$3\"],\"id\":1}" "$1"
}

calls() { # ESL_HOST ESL_PASSWORD
  exec 3<>"/dev/tcp/$1/8021" || return 1
  printf 'auth %s\n\napi show calls count\n\nexit\n\n' "$2" >&3
  local text
  text=$(timeout 3 cat <&3)
  exec 3>&-
  [[ $text =~ ([0-9]+)\ total ]] && echo "${BASH_REMATCH[1]}"
}

for node in "$@"; do
  IFS='|' read -r destination host password restart <<<"$node"
  for proxy in "${proxies[@]}"; do rpc "$proxy" i "$destination"; done
  until [[ $(calls "$host" "$password") == 0 ]]; do sleep 1; done
  bash -c "$restart"
  for proxy in "${proxies[@]}"; do rpc "$proxy" a "$destination"; done
done
