/** What somebody asks for over their name: who, why, and how it went. The name is kept for the next time, in whichever dialog that is. */

import { ApiError } from "../api/client";
import { keep, recall } from "../kept";

export class Signed {
  /** Reactive. */
  author = $state("");
  /** Reactive. */
  comment = $state("");
  /** Reactive. */
  isSending = $state(false);
  /** Why it was not done. Reactive. */
  failed = $state<string | null>(null);

  /** Begin anew, under the name last given; for a dialog that opens. */
  begin(): void {
    this.author = recall("author") ?? "";
    this.comment = "";
    this.failed = null;
  }

  /** Send the form; null if it failed. */
  async send<Reply>(event: SubmitEvent, ask: (said: { author: string; comment: string }) => Promise<Reply>): Promise<Reply | null> {
    event.preventDefault();
    const said = { author: this.author.trim(), comment: this.comment.trim() };
    this.isSending = true;
    this.failed = null;
    try {
      const reply = await ask(said);
      keep("author", said.author);
      return reply;
    } catch (error) {
      this.failed = error instanceof ApiError ? error.message : String(error);
      return null;
    } finally {
      this.isSending = false;
    }
  }
}
