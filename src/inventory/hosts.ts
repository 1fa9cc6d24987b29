/** Host names, IP addresses, networks and jump hosts, as text. */
import { isIP, isIPv4, isIPv6 } from 'node:net';

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$/;

/** Whether this is an IP address or could be a name. What looks like an IPv4 address has to be one. */
export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  return text.length <= 253 && !/^[\d.]+$/.test(text) && NAME.test(text);
}

export function isNetwork(text: string): boolean {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  if (match?.[1] === undefined || match[1].includes('%')) return false;
  const bits = Number(match[2]);
  return (isIPv4(match[1]) && bits <= 32) || (isIPv6(match[1]) && bits <= 128);
}

/** A user name for SSH: nothing that a shell or `ssh` itself could take for something else. */
export function isUser(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.@\\+-]{0,254}\$?$/.test(text);
}

/** `[user@]host[:port]`; an IPv6 address with a port stands in square brackets. */
export function isJumpHost(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at >= 0 && !isUser(text.slice(0, at))) return false;
  const address = text.slice(at + 1);
  if (isIPv6(address)) return true;
  const match = /^(\[[^\]]*\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(address);
  if (match?.[1] === undefined) return false;
  const port = match[2] === undefined ? 22 : Number(match[2]);
  const bracketed = match[1].startsWith('[');
  const host = bracketed ? match[1].slice(1, -1) : match[1];
  return port >= 1 && port <= 65_535 && (bracketed ? isIPv6(host) : isHost(host));
}
