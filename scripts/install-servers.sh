#!/usr/bin/env bash
# Run as root by test.sh, with the names of Debian packages: installs them without letting any service start, since the
# tests start servers of their own on addresses of their own.
set -euo pipefail

# Asked by every package that wants to start its service; 101 means no.
policy=/usr/sbin/policy-rc.d
saved=/usr/sbin/policy-rc.d.before-fsha
marker='# temporary, by the tests of fsha'

give_policy_back() {
  if [[ -e $policy ]] && grep -qxF "$marker" "$policy"; then rm -f "$policy"; fi
  if [[ -e $saved || -L $saved ]]; then mv -fT "$saved" "$policy"; fi
}

# Two test runs on one machine take turns; the kernel drops the lock with the process.
mkdir -p /run/lock
exec 9>/run/lock/fsha-install-servers
flock --timeout 900 9

# What a run that was killed half-way has left.
give_policy_back
trap give_policy_back EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

if [[ -e $policy || -L $policy ]]; then mv -T "$policy" "$saved"; fi
printf '#!/bin/sh\n%s\nexit 101\n' "$marker" >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
# 9>&-: a daemon that a package starts after all would hold the lock for ever.
apt-get -qq -o DPkg::Lock::Timeout=300 update 9>&-
apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --no-install-recommends "$@" 9>&- >/dev/null

# Where systemd runs, what was not started now would start at the next boot.
if [[ -d /run/systemd/system ]]; then
  for package in "$@"; do
    case $package in
      kamailio | redis-server | postgresql) systemctl --quiet disable "$package.service" ;;
      openssh-server) systemctl --quiet disable ssh.service ;;
    esac
  done
fi
