/** Choices that outlive the page. A browser that keeps nothing loses them and is told nothing. */

const PREFIX = "marginwatch.";

/** Read a kept text; null if there is none. */
export function recall(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** Keep a text. */
export function keep(name: string, text: string): void {
  try {
    localStorage.setItem(PREFIX + name, text);
  } catch {
    // Private windows and full disks: the choice holds until the page is closed.
  }
}
