/** JSON that is nested for the sake of it: no server has a reason to, and each level costs many times its two bytes. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether lists and maps stand more than `levels` deep in each other. To be asked before the text is parsed. */
export function nestsDeeperThan(levels: number, json: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (quoted) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    // [ and { differ in one bit, and so do ] and }.
    else if ((code | 0x20) === 0x7b) {
      depth += 1;
      if (depth > levels) return true;
    } else if ((code | 0x20) === 0x7d) depth -= 1;
  }
  return false;
}
