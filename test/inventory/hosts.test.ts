import { describe, expect, it } from 'vitest';
import { isHost, isJumpHost, isNetwork, isUser } from '../../src/inventory/hosts.ts';

describe('what is taken for an address', () => {
  it.each(['10.0.1.10', '2001:db8::1', 'fs1', 'fs1.example.net', 'fs_1', 'FS1.example.net.'])(
    'host %s',
    (text) => {
      expect(isHost(text)).toBe(true);
    },
  );
  it.each([
    '',
    '10.0.1',
    '10.0.1.256',
    '-oProxyCommand=x',
    'a b',
    'a..b',
    '[::1]',
    'fs1:5080',
    'u@h',
    'a'.repeat(64),
    'a\n',
  ])('no host %j', (text) => {
    expect(isHost(text)).toBe(false);
  });
  it.each(['10.0.1.0/24', '0.0.0.0/0', '2001:db8::/32', '10.0.1.5/32'])('network %s', (text) => {
    expect(isNetwork(text)).toBe(true);
  });
  it.each(['10.0.1.0', '10.0.1.0/33', '10.0.1/24', '2001:db8::/129', 'x/24', '10.0.1.0/', 'fe80::1%eth0/64'])(
    'no network %s',
    (text) => {
      expect(isNetwork(text)).toBe(false);
    },
  );
  it.each([
    'bastion',
    'ops@bastion',
    'ops@bastion:22',
    'ops@[2001:db8::1]:22',
    '2001:db8::1',
    '10.0.0.1:2222',
  ])('jump host %s', (text) => {
    expect(isJumpHost(text)).toBe(true);
  });
  it.each([
    '',
    '@bastion',
    'ops:hunter2@bastion',
    'bastion:0',
    'bastion:99999',
    'bastion:',
    '-x@bastion',
    'ops@-x',
    '[fs1]:22',
  ])('no jump host %j', (text) => {
    expect(isJumpHost(text)).toBe(false);
  });
  it.each(['ops', 'ops@corp.example', 'svc_fs-1', 'host$'])('user %s', (text) => {
    expect(isUser(text)).toBe(true);
  });
  it.each(['', '-l', 'a b', "a'b", '$HOME', 'a;b'])('no user %j', (text) => {
    expect(isUser(text)).toBe(false);
  });
});
