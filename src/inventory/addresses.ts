/** The values of an inventory that say where something is. */
import { isIP } from 'node:net';
import { isHost, isJumpHost, isNetwork, isUser } from './hosts.ts';
import { quoted, saidBack } from '../yaml/said-back.ts';
import { integer, text, wrong } from '../yaml/scalar.ts';
import type { Notes, Reading } from '../yaml/scalar.ts';
import { readSipUri } from './sip-uri.ts';

export function port(notes: Notes) {
  return integer({ minimum: 1, maximum: 65_535, ...notes });
}

export function host(notes: Notes) {
  return text('a host name or an IP address', notes, (written) => {
    if (isHost(written)) return { value: written };
    // `host:port` and `user@host` are the usual slips; the latter may hold a password and is not repeated.
    const why = written.includes('@')
      ? 'This is not a host name or an IP address: the user has a key of its own.'
      : `${quoted(written)} is not a host name or an IP address${/:\d+$/.test(written) ? ': the port has a key of its own' : ''}.`;
    return wrong(why);
  });
}

export function ipAddress(notes: Notes) {
  return text('an IP address', notes, (written) =>
    isIP(written) === 0 ? wrong(`${quoted(written)} is not an IP address.`) : { value: written },
  );
}

export function network(notes: Notes) {
  return text('a network such as 10.0.1.0/24', notes, (written) => {
    if (isNetwork(written)) return { value: written };
    const family = isIP(written);
    if (family !== 0)
      return wrong(
        `The length of the network is missing: for this address alone write ${saidBack(written)}/${family === 4 ? 32 : 128}.`,
      );
    return wrong(`${quoted(written)} is not a network: write an address and a length, such as 10.0.1.0/24.`);
  });
}

export function user(notes: Notes) {
  return text('a user name', notes, (written) =>
    isUser(written)
      ? { value: written }
      : wrong('This is not a user name: letters, digits and _ . - are meant, and no - at the beginning.'),
  );
}

export function jumpHost(notes: Notes) {
  return text('[user@]host[:port]', notes, (written) =>
    isJumpHost(written) ? { value: written } : wrong('This is not [user@]host[:port].'),
  );
}

export function sipUri(notes: Notes) {
  return text(
    'a SIP URI such as sip:10.0.1.10:5080',
    { pattern: '^[sS][iI][pP][sS]?:', ...notes },
    (written) => {
      const reading = readSipUri(written);
      return 'wrong' in reading ? reading : { value: written };
    },
  );
}

/** An http or https URL without credentials in it. */
export function httpUrl(notes: Notes) {
  return url(['http', 'https'], notes);
}

export function redisUrl(notes: Notes) {
  return url(['redis', 'rediss'], notes);
}

/** Nothing of a URL is repeated in messages: passwords stand in URLs. */
function url(schemes: readonly string[], notes: Notes) {
  const names = schemes.map((scheme) => `${scheme}://`).join(' or ');
  return text(
    `a URL that begins with ${names}`,
    { pattern: `^(${schemes.join('|')})://`, ...notes },
    (written): Reading<string> => {
      if (/[\s\u0000-\u001f\u007f-\u009f]/.test(written))
        return wrong('A URL holds no spaces and no control characters.');
      const parsed = URL.canParse(written) ? new URL(written) : undefined;
      if (
        parsed === undefined ||
        !schemes.includes(parsed.protocol.slice(0, -1)) ||
        !/^[a-z]+:\/\/[^/]/i.test(written)
      ) {
        return wrong(`This is not a URL that begins with ${names} and a host.`);
      }
      if (parsed.username !== '' || parsed.password !== '') {
        return wrong(
          'This URL has a user or a password in it. Remove them: username and password are keys of their own.',
        );
      }
      if (parsed.hash !== '') return wrong('This URL has a # in it. Remove it and what follows it.');
      return { value: written };
    },
  );
}
