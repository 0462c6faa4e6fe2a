/** Text that came from outside, made safe to look at: it stays text, and what cannot be seen is shown. */

const LONGEST = 500;

// C0, DEL, C1, marks that change direction, zero-width characters and the byte order mark.
// eslint-disable-next-line no-control-regex -- these are what is looked for
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Show control characters and marks of direction as ␀-like signs or ⟨U+202E⟩, and cut what is longer than `longest`. */
export function shown(text: string | null | undefined, longest = LONGEST): string {
  if (text == null) return "—";
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return cut.replace(UNSEEN, (sign) => {
    const code = sign.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}
