/** Columns a tab goes on to, as `tab-size` in the editor's style. */
const TAB = 8;

/** Characters a monospaced font draws two columns wide: Chinese, its punctuation, full-width forms. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]/u;

/**
 * How many columns a text takes in the editor.
 *
 * @param text without line ends
 * @param from the column it starts in, for its tabs
 */
export function columnsOf(text: string, from = 0): number {
  let column = from;
  for (const character of text) {
    if (character === "\t") column += TAB - (column % TAB);
    else column += WIDE.test(character) ? 2 : 1;
  }
  return column - from;
}

/**
 * Where a place in a text with lines is.
 *
 * @param line from 1
 * @param column from 1
 * @returns characters from the text's start, as in `setSelectionRange`
 */
export function offsetOf(text: string, line: number, column: number): number {
  const before = text.split("\n").slice(0, line - 1);
  return before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
}
