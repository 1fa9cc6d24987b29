import type { Core } from '../core.ts';
import type { Registrations } from '../registrations.ts';
import { parseUri, uriOf } from './address.ts';
import { header, parameter } from './message.ts';
import type { ServerTransaction } from './transactions.ts';

const USUAL_EXPIRES = 3600;

/** Takes a REGISTER without asking for credentials, as the lab's profile is set (accept-blind-reg). */
export function register(core: Core, registrations: Registrations, transaction: ServerTransaction): void {
  const { request, source } = transaction;
  const contact = header(request, 'contact');
  const { user, host: realm } = parseUri(uriOf(header(request, 'to') ?? ''));
  const asked = parameter(contact ?? '', 'expires') ?? header(request, 'expires') ?? String(USUAL_EXPIRES);
  const seconds = Number.parseInt(asked, 10);
  if (contact === undefined) {
    transaction.respond(200, 'OK');
    return;
  }
  if (!(seconds > 0)) {
    registrations.remove(user, realm);
    transaction.respond(200, 'OK');
    return;
  }
  const now = Math.floor(Date.now() / 1000);
  registrations.put({
    user,
    realm,
    callId: header(request, 'call-id') ?? '',
    contact: uriOf(contact),
    agent: header(request, 'user-agent') ?? 'unknown',
    networkIp: source.host,
    networkPort: source.port,
    hostname: core.config.switchname,
    registeredAt: Date.now() / 1000,
    expires: now + seconds,
  });
  transaction.respond(200, 'OK', [['Contact', `<${uriOf(contact)}>;expires=${seconds}`]]);
}
