/** The inventory of a lab's cluster, as a person would have written it. */

export interface LabInventory {
  /** Names also the lock that restarts of a node take on its host, which all labs of a machine share: one of its own. */
  readonly cluster: string;
  readonly stateDir: string;
  readonly proxies: readonly { readonly name: string; readonly rpcUrl: string }[];
  readonly nodes: readonly {
    readonly name: string;
    readonly sip: { readonly host: string; readonly port: number };
    readonly esl: { readonly host: string; readonly port: number };
    readonly ssh: { readonly host: string; readonly port: number };
    readonly restartCommand: string;
  }[];
  readonly rpc: { readonly username: string; readonly passwordFile: string };
  readonly eslPasswordFile: string;
  readonly ssh: {
    readonly user: string;
    readonly identityFile: string;
    readonly knownHostsFile: string;
  };
}

/** Writes fsha.yaml. Every text goes through JSON's quotes, which YAML reads as they are. */
export function labInventory(lab: LabInventory): string {
  const text = JSON.stringify;
  const proxies = lab.proxies.map(
    ({ name, rpcUrl }) => `  ${name}:
    rpc: ${rpcUrl}
    frTimer: 2s
    username: ${text(lab.rpc.username)}
    password: { file: ${text(lab.rpc.passwordFile)} }`,
  );
  const nodes = lab.nodes.map(
    ({ name, sip, esl, ssh, restartCommand }) => `  ${name}:
    destinations: [{ set: 1, uri: 'sip:${sip.host}:${sip.port}' }]
    sip: { ip: ${sip.host}, port: ${sip.port} }
    esl: { host: ${esl.host}, port: ${esl.port} }
    ssh: { host: ${ssh.host}, port: ${ssh.port} }
    restart: { command: ${text(restartCommand)} }`,
  );
  return `# A lab: everything in here runs on this machine, on loopback addresses of its own, and ends with its lab.
version: 1
cluster: ${lab.cluster}
state: { dir: ${text(lab.stateDir)} }
proxies:
${proxies.join('\n')}
nodes:
${nodes.join('\n')}
defaults:
  esl: { password: { file: ${text(lab.eslPasswordFile)} } }
  ssh:
    user: ${text(lab.ssh.user)}
    identityFile: ${text(lab.ssh.identityFile)}
    knownHostsFile: ${text(lab.ssh.knownHostsFile)}
drain: { timeout: 5m, poll: 1s, settle: 1s }
restart: { timeout: 30s }
verify: { timeout: 30s, minSoak: 2s }
`;
}
