/** Changes of alerts in words. */

import type { Schema } from "../../api/client";
import { w } from "./words";

/** What a change is called. */
export function kinds(kind: Schema<"TransitionRow">["kind"]): string {
  return w[`kind_${kind}`];
}
