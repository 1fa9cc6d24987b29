/** The scenarios that SIPp plays. Everything goes by its Record-Route. */

/** INVITE, ACK, hold for a time uniformly between the two, BYE. Everything else than that is a failed call. */
export function callerScenario([shortest, longest]: readonly [number, number]): string {
  // SIPp counts the time at the message it stands at, which is the first of a row of optional ones.
  return scenario(`${invite('[service]')}
  <recv response="100" optional="true" timeout="10000"/>
  <recv response="180" optional="true" timeout="10000"/>
  <recv response="183" optional="true" timeout="10000"/>
  <recv response="200" rrs="true" timeout="10000" rtd="true"/>
  <send>${inDialog('ACK', 1, '[service]')}</send>
  <pause distribution="uniform" min="${shortest}" max="${longest}"/>
  <send retrans="500">${inDialog('BYE', 2, '[service]')}</send>
  <recv response="200" timeout="10000"/>`);
}

const REFUSALS = [404, 408, 480, 486, 487, 500, 503];

/**
 * INVITE to the number in the injection file, ACK, hold; the far side may hang up, too. What happens to each call goes to
 * the log: `EVENT NUMBER CALL-ID TAG` with the events ringing, refused, up, cut (BYE from the far side), ended (BYE from here).
 * TAG is `;tag=` of the far side. An INFO in a call that is up makes the caller hang up.
 */
export function heldCallScenario(holdMs: number): string {
  const log = (event: string): string =>
    `<action><log message="${event} [field0] [call_id] [peer_tag_param]"/></action>`;
  const before = [
    invite('[field0]'),
    '<recv response="100" optional="true" timeout="10000"/>',
    `<recv response="180" optional="true">${log('ringing')}</recv>`,
    '<recv response="183" optional="true"/>',
    ...REFUSALS.map((code) => `<recv response="${code}" optional="true" next="refused"/>`),
    `<recv response="200" rrs="true" timeout="10000">${log('up')}</recv>`,
    `<send>${inDialog('ACK', 1, '[field0]')}</send>`,
    // SIPp counts the time at the message it stands at, which is the first of a row of optional ones.
    `<recv request="INFO" optional="true" next="bye" timeout="${holdMs}" ontimeout="bye"/>`,
    `<recv request="BYE" timeout="${holdMs}" ontimeout="bye">${log('cut')}</recv>`,
    `<send next="done"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>`,
    `<label id="bye"/><send retrans="500">${inDialog('BYE', 2, '[field0]')}</send>`,
    `<recv response="200" timeout="10000" next="done">${log('ended')}</recv>`,
  ];
  // The ACK of a refusal belongs to the INVITE's transaction: its branch, so many messages back (RFC 3261, 17.1.1.3).
  const acknowledged = `<label id="refused"/><send><![CDATA[
ACK sip:[field0]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch-${before.length}]
Max-Forwards: 70
From: "caller" <sip:caller@[local_ip]:[local_port]>;tag=[pid]SIPpTag[call_number]
To: <sip:[field0]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Content-Length: 0

]]></send>`;
  return scenario(
    [...before, acknowledged, `<nop>${log('refused')}</nop>`, '<label id="done"/>', '<nop/>'].join('\n  '),
  );
}

function scenario(messages: string): string {
  return `<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="caller">
  ${messages}
</scenario>
`;
}

function invite(number: string): string {
  return `<send retrans="500"><![CDATA[
INVITE sip:${number}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: "caller" <sip:caller@[local_ip]:[local_port]>;tag=[pid]SIPpTag[call_number]
To: <sip:${number}@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
]]></send>`;
}

function inDialog(method: string, sequence: number, number: string): string {
  return `<![CDATA[
${method} [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
Max-Forwards: 70
From: "caller" <sip:caller@[local_ip]:[local_port]>;tag=[pid]SIPpTag[call_number]
To: <sip:${number}@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: ${sequence} ${method}
Content-Length: 0

]]>`;
}
