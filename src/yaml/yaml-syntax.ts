/** What the YAML parser complains about, in sentences that quote nothing of the file: what is there may be a secret. */
import type { ErrorCode, YAMLError } from 'yaml';

export const TOO_DEEP = 'The values from here on are nested too deeply, or an alias holds itself.';
export const BAD_ALIAS =
  'No anchor (&name) of this name stands before this alias (*name). A text that begins with * needs quotes.';

const SENTENCES: Readonly<Partial<Record<ErrorCode, string>>> = {
  ALIAS_PROPS: 'An alias (*name) takes no tag and no anchor.',
  BAD_ALIAS,
  BAD_DIRECTIVE: 'This YAML directive is not understood.',
  BAD_DQ_ESCAPE:
    'This escape is not known in a text in double quotes. Use single quotes for a text with backslashes.',
  BAD_INDENT: 'The indentation of this line does not fit the lines around it.',
  BAD_SCALAR_START: 'A text cannot begin with this character. Put it in quotes.',
  BLOCK_AS_IMPLICIT_KEY:
    'Two key: value pairs stand on one line. Put the second on a line of its own, or the text in quotes.',
  BLOCK_IN_FLOW: 'Within { } or [ ] only the short form of maps and lists can be used.',
  DUPLICATE_KEY: 'This key stands here twice.',
  MULTILINE_IMPLICIT_KEY: 'A key has to stand on one line, followed by a colon and a space.',
  MULTIPLE_DOCS: 'The file holds more than one YAML document. Remove the second --- and what follows it.',
  NON_STRING_KEY: 'A key has to be a word.',
  RESOURCE_EXHAUSTION: TOO_DEEP,
  TAB_AS_INDENT: 'A tab cannot be used as indentation. Use spaces.',
  TAG_RESOLVE_FAILED: 'This tag (!name) is not known. A text that begins with ! needs quotes.',
};

/** The parser's own words for this code are fixed texts that hold nothing of the source. */
const SAFE_WORDS: ReadonlySet<ErrorCode> = new Set([
  'MISSING_CHAR',
  'KEY_OVER_1024_CHARS',
  'MULTIPLE_ANCHORS',
  'MULTIPLE_TAGS',
]);

export function syntaxSentence(error: Pick<YAMLError, 'code' | 'message'>): string {
  const words = SENTENCES[error.code];
  if (words !== undefined) return words;
  return SAFE_WORDS.has(error.code)
    ? `The YAML is broken here: ${error.message}.`
    : 'The YAML is broken here.';
}
