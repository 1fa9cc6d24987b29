/** What can be found out about a restart command without running it. */

export interface PermissionProbe {
  /** A shell line that changes nothing. */
  readonly probe: string;
  /** What it must print; left out where its exit status tells. */
  readonly expect?: string;
  /** What is wrong where it does not. */
  readonly problem: string;
}

/**
 * Shell lines that tell whether `command` may be run: `sudo -n -l` for what goes through sudo, systemd's own word for a
 * unit. None for a line that is more than a plain command: taking it apart would be guessing.
 */
export function permissionProbes(command: string): readonly PermissionProbe[] {
  if (/[|&;<>()$`\\"'*?[\]#~=%!{}\n]/.test(command)) return [];
  const words = command.trim().split(/\s+/);
  const probes: PermissionProbe[] = [];
  let program = words;
  if (words[0] === 'sudo') {
    if (words[1] !== '-n') {
      return [{ probe: 'false', problem: 'sudo without -n would ask for a password that nobody can type' }];
    }
    program = words.slice(2);
    if (program[0]?.startsWith('-') === true || program.length === 0) return [];
    probes.push({
      probe: `sudo -n -l -- ${program.join(' ')}`,
      problem: `sudo does not allow \`${program.join(' ')}\` without a password`,
    });
  } else {
    probes.push({ probe: `command -v ${program[0] ?? ''}`, problem: `${program[0] ?? ''} is not there` });
  }
  const [name, verb, unit] = program;
  if (
    name !== undefined &&
    /(^|\/)systemctl$/.test(name) &&
    verb === 'restart' &&
    unit !== undefined &&
    program.length === 3
  ) {
    probes.push({
      probe: `systemctl show --property=LoadState --value ${unit}`,
      expect: 'loaded',
      problem: `systemd knows no unit ${unit}`,
    });
  }
  return probes;
}
