#!/usr/bin/env bash
# A rolling restart as it is done without fsha: out of the dispatcher, wait until FreeSWITCH says that no call is left or the time
# is over, restart, wait until it is ready, back in. Beside fsha in bench:rolling, so that both are measured in one run.
#
#   plain-rolling.sh STATE LIMIT PAUSE KAMCMD_SOCKETS NODE...
#     STATE   what is set in the dispatcher: i or d     LIMIT   seconds to wait for the calls     PAUSE   seconds between two nodes
#     NODE    NAME|DESTINATION|ESL HOST|ESL PASSWORD|RESTART COMMAND
set -u
state=$1 limit=$2 pause=$3 sockets=$4
shift 4
PATH=$(dirname "${BASH_SOURCE[0]}"):$PATH

for node in "$@"; do
  IFS='|' read -r name destination host password restart <<<"$node"
  dispatcher() { for socket in $sockets; do kamcmd -s "$socket" dispatcher.set_state "$1" 1 "$destination"; done; }
  freeswitch() { fs_cli -H "$host" -p "$password" -x "$1" 2>/dev/null; }

  dispatcher "$state"
  echo "waiting for $name"
  verdict='restarting with calls'
  for ((end = SECONDS + limit; SECONDS < end; )); do
    if freeswitch 'show calls count' | grep -q '^0 total'; then verdict=drained && break; fi
    sleep 1
  done
  echo "$verdict $name"
  bash -c "$restart"
  until freeswitch status | grep -q 'is ready'; do sleep 1; done
  dispatcher a
  sleep "$pause"
done
