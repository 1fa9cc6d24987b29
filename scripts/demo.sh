#!/usr/bin/env bash
# Shows fsha at work on a machine with nothing but Node 20.19: installs, builds, starts the embedded lab (two nodes with
# calls, one proxy) and drains a node of it. Arguments go to `fsha demo`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/node-modules.sh
source scripts/node-modules.sh

require_node
install_node_modules
npm run --silent build
exec node bin/fsha.js demo "$@"
