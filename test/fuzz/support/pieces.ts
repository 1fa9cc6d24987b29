/** A stream arrives in pieces that have nothing to do with what is in it. */
import fc from 'fast-check';

/** Where to cut, as shares of the whole. Some are next to each other, so that pieces of one byte and of none occur. */
export const cuts = fc.oneof(
  fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
  // Byte by byte, as far as that is quick.
  fc.constant('each' as const),
);

const BYTEWISE = 2_000;

export type Cuts = readonly number[] | 'each';

/** The same bytes in pieces, each a copy of its own, as they come from a socket. */
export function inPieces(bytes: Buffer, where: Cuts): Buffer[] {
  const ends =
    where === 'each'
      ? [...Array.from(bytes.subarray(0, BYTEWISE), (_, index) => index + 1), bytes.length]
      : [...where.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b), bytes.length];
  let from = 0;
  return ends.map((end) => {
    const piece = Buffer.from(bytes.subarray(from, end));
    from = end;
    return piece;
  });
}
