# shellcheck shell=bash
# Sourced by the other scripts: makes sure of Node 20.19 or newer, and that node_modules is what package-lock.json says.
# Expects the project's root as the working directory.

require_node() {
  local version
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "Node 20.19 or newer with npm is needed and was not found: on Debian 13 'apt-get install nodejs npm', else see https://nodejs.org." >&2
    return 1
  fi
  version=$(node -p 'process.versions.node')
  if [[ $(printf '%s\n' 20.19.0 "$version" | sort -V | head -n 1) != 20.19.0 ]]; then
    echo "Node 20.19 or newer is needed, this is $version ($(command -v node)): see https://nodejs.org." >&2
    return 1
  fi
}

# npm leaves node_modules/.package-lock.json as its note of what it installed.
# No install scripts: all that they would do is compile optional parts of ssh2, which needs a compiler and takes time.
install_node_modules() {
  local note=node_modules/.package-lock.json
  if [[ -e $note && ! $note -ot package-lock.json ]]; then return 0; fi
  echo "Installing npm packages (node_modules is missing or older than package-lock.json)"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
}
