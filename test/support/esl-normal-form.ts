/**
 * The form in which a transcript and the stand-in's bytes are compared. Everything counts but what two runs of one
 * FreeSWITCH differ in:
 *
 * - UUIDs become `<uuid>`, IPv4 addresses `<ip>`, SIP tags that FreeSWITCH draws `<tag>`, English dates `<date>`
 * - a whole number becomes `<n>`, a decimal keeps its number of decimals: `<n.2>`; so do numbers inside dates and names
 * - `1 minute` and `2 minutes` are the same unit
 * - a right-aligned column keeps its width, whatever stands in it: `«42»` before the text, in lines with a tab
 * - numbers that are an answer and no measurement stay as they are (LITERAL), as do percent-encodings
 *
 * Not touched: letters, case, punctuation, spaces, line breaks, the order of keys and headers.
 */
export function normalForm(text: string): string {
  return LITERAL.reduce((kept, pattern) => kept.replace(pattern, shield), widths(text))
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>')
    .replace(/("variable_sip_to_tag":")[^"]*/g, '$1<tag>')
    .replace(/("variable_sip_full_to":"[^"]*;tag=)[^"]*/g, '$1<tag>')
    .replace(ENGLISH_DATE, '<date>$1$2$3')
    .replace(/"allowed":[\d.]+/g, '"allowed":<n>')
    .replace(/\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/g, '<ip>')
    .replace(/\d+\.(\d+)/g, (_all, decimals: string) => `<n.${shield(String(decimals.length))}>`)
    .replace(/\d+/g, '<n>')
    .replace(UNIT, '$1')
    .replace(/[\ue000-\ue009]/g, (digit) => String(digit.charCodeAt(0) - SHIELDED));
}

const SHIELDED = 0xe000;

/** Digits that the steps after it do not see: they stand in the private use area until the end. */
function shield(text: string): string {
  return text.replace(/\d/g, (digit) => String.fromCharCode(SHIELDED + Number(digit)));
}

const SPACE = '(?: |%[\ue000-\ue009A-F]{2})';
const ENGLISH_DATE = new RegExp(
  `\\b(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat),(${SPACE})\\d\\d(${SPACE})[A-Z][a-z]{2}(${SPACE})\\d{4}`,
  'g',
);
const UNIT = new RegExp(`(<n>${SPACE}(?:year|day|hour|minute|second|millisecond|microsecond))s?\\b`, 'g');

function widths(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      if (!line.includes('\t')) return line;
      return line.replace(/(^|\t)( {2,})(\S+)/g, (_all, before: string, pad: string, word: string) => {
        return `${before}«${shield(String(pad.length + word.length))}»${word}`;
      });
    })
    .join('\n');
}

const LITERAL: readonly RegExp[] = [
  /%[0-9A-F]{2}/g,
  /^\d+ total\.$/gm,
  /"row_count": ?\d+/g,
  /RUNNING \(\d+\)/g,
  /^\d+ session\(s\) - /gm,
  /"active":\d+/g,
  /"limit":\d+/g,
  /"max":(?:200|8192)\b/g,
  /^\d+ session\(s\) max$/gm,
  /out of max \d+/g,
  /max sessions: \d+/g,
  /1\.10\.12-release[^"\n)]*/g,
  /Size\/Max \d+K\/\d+K/g,
  /^\d+ (?:gateways?|profiles?|aliases)\b.*$/gm,
  /Total items returned: \d+/g,
  /"(?:Session-Count|Max-Sessions|Session-Per-Sec|Channel-State-Number|Event-Calling-Line-Number)":"\d+"/g,
  /^(?:Session-Count|Max-Sessions|Session-Per-Sec|Event-Calling-Line-Number): \d+$/gm,
  /"variable_(?:hangup_cause_q850|sip_term_status|sip_term_cause|[a-z_]*rate)":"\d+"/g,
  /"(?:read|write)_(?:bit_)?rate":"\d+"/g,
  /-Codec-(?:Bit-)?Rate":"\d+"/g,
  /(?:disconnect-notice|rude-rejection)\nContent-Length: \d+/g,
];
