// A screen of a terminal, as `tmux capture-pane -e -p` prints it, as an SVG picture.
import stringWidth from 'string-width';

const CELL = { width: 8.4, height: 18 };
const PADDING = 14;
const COLOURS = {
  text: '#d7dae0',
  ground: '#1b1e24',
  codes: ['#3f4451', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d7dae0'],
};

/** @typedef {{ bold: boolean, dim: boolean, inverse: boolean, colour: string | null }} Style */

/** @type {Style} */
const PLAIN = { bold: false, dim: false, inverse: false, colour: null };

/**
 * @param {Style} style
 * @param {number} code one number of a "select graphic rendition" sequence
 * @returns {Style}
 */
function styled(style, code) {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 7) return { ...style, inverse: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 27) return { ...style, inverse: false };
  if (code === 39) return { ...style, colour: null };
  // The ordinary ground: there is no other here.
  if (code === 49) return style;
  if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97))
    return { ...style, colour: COLOURS.codes[code % 10] ?? null };
  throw new Error(`a colour that this picture does not know: ${code}`);
}

/** @param {string} text */
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * @param {string} line
 * @param {number} row
 */
function rowOf(line, row) {
  const parts = [];
  let style = PLAIN;
  let column = 0;
  // eslint-disable-next-line no-control-regex -- an escape sequence is what is looked for
  for (const piece of line.split(/(\u001b\[[\d;]*m)/)) {
    // eslint-disable-next-line no-control-regex -- as above
    const codes = /^\u001b\[([\d;]*)m$/.exec(piece);
    if (codes) {
      for (const code of (codes[1] || '0').split(';')) style = styled(style, Number(code));
      continue;
    }
    // eslint-disable-next-line no-control-regex -- what is left of one would be lost, or make the document invalid
    if (/[\u0000-\u001f\u007f]/.test(piece))
      throw new Error('an escape sequence that this picture does not know');
    const width = stringWidth(piece);
    if (width === 0) continue;
    const x = (PADDING + column * CELL.width).toFixed(1);
    const y = PADDING + 22 + row * CELL.height;
    const length = (width * CELL.width).toFixed(1);
    const colour = style.colour ?? COLOURS.text;
    if (style.inverse)
      parts.push(`<rect x="${x}" y="${y}" width="${length}" height="${CELL.height}" fill="${colour}"/>`);
    if (piece.trim() !== '')
      parts.push(
        // The length holds columns in place, whatever font the reader has.
        `<text x="${x}" y="${y + 13.5}" textLength="${length}" lengthAdjust="spacingAndGlyphs" fill="${
          style.inverse ? COLOURS.ground : colour
        }"${style.bold ? ' font-weight="bold"' : ''}${style.dim ? ' opacity="0.6"' : ''}>${escaped(piece)}</text>`,
      );
    column += width;
  }
  return parts.join('\n');
}

/**
 * @param {string} screen lines with colours
 * @param {number} columns
 * @param {string} title
 * @returns {string} an SVG document
 * @throws Error for a colour or an escape sequence that it does not know
 */
export function terminalSvg(screen, columns, title) {
  const lines = screen.replace(/\n+$/, '').split('\n');
  const width = Math.ceil(columns * CELL.width + 2 * PADDING);
  const height = lines.length * CELL.height + 2 * PADDING + 22;
  const body = lines.map((line, row) => rowOf(line, row)).filter((row) => row !== '');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<rect width="${width}" height="${height}" rx="8" fill="${COLOURS.ground}"/>
<text x="${width / 2}" y="20" text-anchor="middle" fill="${COLOURS.text}" opacity="0.6" font-family="sans-serif" font-size="12">${escaped(title)}</text>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" xml:space="preserve">
${body.join('\n')}
</g>
</svg>
`;
}
