/** The one small box beside what the pointer or the focus is on. */

export type TipText = string | null | (() => string | null | Promise<string | null>);

type Box = { text: string; anchor: { left: number; top: number; right: number; bottom: number } };

class CurrentTip {
  /** Reactive. */
  box = $state.raw<Box | null>(null);
  #turn = 0;

  /** Show a text beside a place; a promised one follows when it comes. */
  show(anchor: DOMRect, text: TipText, meanwhile: string | null = null): void {
    const turn = ++this.#turn;
    const given = typeof text === "function" ? text() : text;
    if (given instanceof Promise) {
      this.#put(anchor, meanwhile);
      given.then(
        (found) => turn === this.#turn && this.#put(anchor, found),
        (error: unknown) => turn === this.#turn && this.#put(anchor, String(error)),
      );
    } else {
      this.#put(anchor, given);
    }
  }

  hide(): void {
    const turn = ++this.#turn;
    // Not at once: what had the focus says so, too, while it is taken off the page, when no state may change.
    queueMicrotask(() => {
      if (turn === this.#turn) this.box = null;
    });
  }

  #put(anchor: DOMRect, text: string | null): void {
    const { left, top, right, bottom } = anchor;
    this.box = text === null || text === "" ? null : { text: text.slice(0, 800), anchor: { left, top, right, bottom } };
  }
}

export const tip = new CurrentTip();

/** Attach to an element: `{@attach withTip(() => text)}`. Asked when the pointer or the focus comes. */
export function withTip(text: TipText): (element: Element) => () => void {
  return (element) => {
    let isShown = false;
    const show = (): void => {
      isShown = true;
      tip.show(element.getBoundingClientRect(), text);
    };
    const hide = (): void => {
      isShown = false;
      tip.hide();
    };
    element.addEventListener("pointerenter", show);
    element.addEventListener("pointerleave", hide);
    element.addEventListener("focus", show);
    element.addEventListener("blur", hide);
    return () => {
      element.removeEventListener("pointerenter", show);
      element.removeEventListener("pointerleave", hide);
      element.removeEventListener("focus", show);
      element.removeEventListener("blur", hide);
      // What is taken off the page under the pointer says nothing any more.
      queueMicrotask(() => {
        if (isShown && !element.isConnected) tip.hide();
      });
    };
  };
}
