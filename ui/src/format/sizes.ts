/** Small durations and bytes. */

import { decimal, type Maybe } from "./numbers";
import { age } from "./times";

/** Milliseconds below a second, an age above. */
export function milliseconds(value: Maybe): string {
  if (value == null || !Number.isFinite(value)) return age(null);
  return value < 1_000 ? `${decimal(value, value < 10 ? 1 : 0)} ms` : age(value / 1e3);
}

/** Bytes in MB or GB. */
export function bytes(value: Maybe): string {
  if (value == null || !Number.isFinite(value)) return decimal(null);
  return value < 1e9 ? `${decimal(value / 1e6, 1)} MB` : `${decimal(value / 1e9, 1)} GB`;
}
