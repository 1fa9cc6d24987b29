/** What `sh` does on a host to put a file in its place, and to give back what was there. Measured on dash and coreutils 9.1. */

/** Exit codes of both scripts, beside those of the programs that they run. */
export const UPLOAD_EXIT = {
  /** What arrived is not what was sent; nothing was changed. */
  damaged: 65,
  /** There is a folder or something else that is no file; nothing was changed. */
  notAFile: 66,
  /** It was put in its place, and what is there now is something else. */
  changedMeanwhile: 67,
} as const;

/**
 * `$1` path, `$2` sha256 (hex), `$3` mode (octal, or empty: as it is, or 0644), `$4` suffix of the backup (or empty: none).
 * stdin: the content. Prints `same` or `written`, and the backup's path where there is one.
 *
 * It is written beside its place and renamed over it, so that nobody ever reads half of it; a link is followed, so that it
 * stays one. The first backup of a run stays: it is what was there before the run. Where nothing was there, an empty file
 * with the suffix `.absent` says so.
 */
export const UPLOAD_SCRIPT = `set -eu
umask 077
path=$1; sum=$2; mode=$3; suffix=$4
if [ -L "$path" ]; then path=$(readlink -f -- "$path"); fi
if [ -e "$path" ] && [ ! -f "$path" ]; then echo "$path is no file" >&2; exit ${UPLOAD_EXIT.notAFile}; fi
of() { sha256sum < "$1" | cut -d ' ' -f 1; }
new=$(mktemp -- "$(dirname -- "$path")/.fsha-XXXXXXXX")
trap 'rm -f -- "$new"' EXIT
trap 'exit 143' TERM
cat > "$new"
if [ "$(of "$new")" != "$sum" ]; then echo 'what arrived is not what was sent' >&2; exit ${UPLOAD_EXIT.damaged}; fi
if [ -f "$path" ]; then
  if [ "$(of "$path")" = "$sum" ] && { [ -z "$mode" ] || [ "$(stat -c %a -- "$path")" = "$mode" ]; }; then
    echo same; exit 0
  fi
  chown --reference="$path" -- "$new"
  chmod --reference="$path" -- "$new"
else
  chmod 0644 -- "$new"
fi
if [ -n "$mode" ]; then chmod "$mode" -- "$new"; fi
sync -- "$new" 2>/dev/null || sync
if [ -n "$suffix" ] && [ ! -e "$path$suffix" ] && [ ! -e "$path$suffix.absent" ]; then
  if [ -f "$path" ]; then
    cp -p -- "$path" "$new.old"
    mv -f -- "$new.old" "$path$suffix"
    sync -- "$path$suffix" 2>/dev/null || sync
  else
    : > "$path$suffix.absent"
  fi
fi
mv -fT -- "$new" "$path"
sync -- "$(dirname -- "$path")" 2>/dev/null || sync
if [ "$(of "$path")" != "$sum" ]; then echo 'what is there now is something else' >&2; exit ${UPLOAD_EXIT.changedMeanwhile}; fi
echo written
if [ -n "$suffix" ] && [ -f "$path$suffix" ]; then printf '%s\\n' "$path$suffix"; fi
`;

/** \`$1\` path, \`$2\` suffix. Prints \`restored\`, \`removed\`, or \`same\` where this run has kept nothing. */
export const RESTORE_SCRIPT = `set -eu
path=$1; suffix=$2
if [ -L "$path" ]; then path=$(readlink -f -- "$path"); fi
if [ -f "$path$suffix" ]; then
  sum=$(sha256sum < "$path$suffix")
  mv -fT -- "$path$suffix" "$path"
  sync -- "$path" 2>/dev/null || sync
  if [ "$(sha256sum < "$path")" != "$sum" ]; then echo 'what is there now is something else' >&2; exit ${UPLOAD_EXIT.changedMeanwhile}; fi
  echo restored
elif [ -e "$path$suffix.absent" ]; then
  rm -f -- "$path"
  rm -f -- "$path$suffix.absent"
  echo removed
else
  echo same
fi
`;
