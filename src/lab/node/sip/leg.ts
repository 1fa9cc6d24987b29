/** What an INVITE said, as far as channels, rows and events speak of it. */
export interface SipLeg {
  readonly callId: string;
  readonly from: SipParty;
  readonly to: SipParty;
  readonly request: SipAddress;
  readonly contact: SipAddress;
  readonly via: { readonly host: string; readonly port: string | undefined; readonly full: string };
  readonly source: { readonly host: string; readonly port: number };
  readonly maxForwards: string;
  readonly subject: string | undefined;
  readonly remoteSdp: string;
  readonly remoteMedia: { readonly host: string; readonly port: number };
  readonly localSdp: string;
  readonly localMedia: { readonly host: string; readonly port: number };
  readonly localTag: string;
  readonly cseq: number;
}

export interface SipAddress {
  readonly user: string;
  readonly host: string;
  readonly port: string | undefined;
}

export interface SipParty extends SipAddress {
  readonly display: string;
  readonly tag: string | undefined;
  readonly full: string;
}
