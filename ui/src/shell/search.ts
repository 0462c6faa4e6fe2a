/** What is found for what was typed: names that begin with it, then words in them that do, then all that hold it. */

export type Find = { readonly kind: "page" | "account" | "asset"; readonly name: string; readonly label: string; readonly address: string };

const FOUND_MAX = 12;

function rank(label: string, wanted: string): number {
  const text = label.toLowerCase();
  if (text === wanted) return 0;
  if (text.startsWith(wanted)) return 1;
  if (text.split(/[\s\-_./]+/).some((word) => word.startsWith(wanted))) return 2;
  return text.includes(wanted) ? 3 : Number.POSITIVE_INFINITY;
}

export function find(all: readonly Find[], typed: string): readonly Find[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return all.filter((one) => one.kind === "page").slice(0, FOUND_MAX);
  return all
    .map((one) => ({ one, at: Math.min(rank(one.label, wanted), rank(one.name, wanted)) }))
    .filter(({ at }) => at < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.at - b.at || a.one.label.localeCompare(b.one.label, undefined, { numeric: true }))
    .slice(0, FOUND_MAX)
    .map(({ one }) => one);
}
