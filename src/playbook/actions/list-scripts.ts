/**
 * What `sh` does on a proxy's host with its dispatcher list file, beside putting it in its place (`upload-script.ts`). While a
 * run holds it, the file says the states as they are, and what it is to be again lies beside it, as PATH.fsha-RUN-held.
 */

export const LIST_EXIT = {
  /** Another run holds it. */
  heldByAnother: 68,
} as const;

/**
 * `$1` path, `$2` the suffix under which this run holds it. Prints the SHA-256 of what it is to be, `plain` or `held`, and then
 * that text, packed, since what a command prints is cut; nothing is changed. Packing and base64: gzip 1.12, coreutils 9.1.
 */
export const READ_LIST_SCRIPT = `set -eu
path=$1; held=$2
if [ -L "$path" ]; then path=$(readlink -f -- "$path"); fi
for one in "$path".fsha-*-held; do
  if [ -e "$one" ] && [ "$one" != "$path$held" ]; then echo "$one: another run holds it" >&2; exit ${LIST_EXIT.heldByAnother}; fi
done
state=plain; from=$path
if [ -f "$path$held" ]; then state=held; from=$path$held; fi
if [ ! -f "$from" ]; then echo "$path is no file" >&2; exit 66; fi
sha256sum < "$from" | cut -d ' ' -f 1
echo "$state"
gzip -c < "$from" | base64 -w 0
`;

/** The same of the file as it stands, held or not: the states that it is held with. */
export const READ_STATES_SCRIPT = `set -eu
path=$1
if [ ! -f "$path" ]; then echo "$path is no file" >&2; exit 66; fi
sha256sum < "$path" | cut -d ' ' -f 1
echo plain
gzip -c < "$path" | base64 -w 0
`;

/** `$1` path, `$2` suffix. Prints `kept` where there is something under it, else `none`. */
export const IS_KEPT_SCRIPT = `set -eu
path=$1; suffix=$2
if [ -L "$path" ]; then path=$(readlink -f -- "$path"); fi
if [ -e "$path$suffix" ]; then echo kept; else echo none; fi
`;
