/** IP addresses as numbers, to tell whether one is another or lies in a network. Pure. */

export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

const V4_IN_V6 = 0xffffn << 32n;

/**
 * Reads an address, IPv6 with or without brackets and zone; undefined for what is none. An IPv4 address that is mapped
 * into IPv6 (`::ffff:10.0.0.1`) is the IPv4 one: FreeSWITCH shows either, by how its profile listens.
 */
export function parseIp(text: string): IpAddress | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  if (!bare.includes(':')) {
    const value = readV4(bare);
    return value === undefined ? undefined : { family: 4, value };
  }
  const groups = readV6(bare);
  if (groups === undefined) return undefined;
  const value = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
  const low = value & 0xffff_ffffn;
  return value - low === V4_IN_V6 ? { family: 4, value: low } : { family: 6, value };
}

/** Whether an address lies in a network such as `10.0.1.0/24`, of its own family; false where that is none. */
export function isInNetwork(address: IpAddress, network: string): boolean {
  const [base = '', length = ''] = network.split('/');
  const first = parseIp(base);
  if (first === undefined || !/^\d{1,3}$/.test(length)) return false;
  const host = (base.includes(':') ? 128 : 32) - Number(length);
  if (host < 0 || first.family !== address.family) return false;
  return first.value >> BigInt(host) === address.value >> BigInt(host);
}

export function sameIp(one: IpAddress, other: IpAddress): boolean {
  return one.family === other.family && one.value === other.value;
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback({ family, value }: IpAddress): boolean {
  return family === 4 ? value >> 24n === 127n : value === 1n;
}

/** What tells a neighbourhood and no single host: `203.0.113.x`, or the first three groups of an IPv6 address. */
export function maskedIp({ family, value }: IpAddress): string {
  if (family === 4) return `${[24n, 16n, 8n].map((bits) => (value >> bits) & 0xffn).join('.')}.x`;
  return `${[112n, 96n, 80n].map((bits) => ((value >> bits) & 0xffffn).toString(16)).join(':')}:…`;
}

function readV4(text: string): bigint | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function readV6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const read = halves.map((half) => (half === '' ? [] : half.split(':')).flatMap(readGroup));
  const [head = [], tail] = read;
  if (read.flat().some(Number.isNaN)) return undefined;
  if (tail === undefined) return head.length === 8 ? head : undefined;
  const left = 8 - head.length - tail.length;
  return left < 1 ? undefined : [...head, ...new Array<number>(left).fill(0), ...tail];
}

/** One group, two where an IPv4 address stands in its place; NaN for what is neither. */
function readGroup(text: string): readonly number[] {
  if (/^[0-9a-f]{1,4}$/i.test(text)) return [Number.parseInt(text, 16)];
  const v4 = readV4(text);
  return v4 === undefined ? [Number.NaN] : [Number(v4 >> 16n), Number(v4 & 0xffffn)];
}
