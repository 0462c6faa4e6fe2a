import { defineWords } from "../words/language.svelte";

/** What stands where no number is. */
export const answers = defineWords({
  en: { none: "none", not_applicable: "n/a" },
  zh: { none: "无", not_applicable: "不适用" },
  vi: { none: "không", not_applicable: "n/a" },
  th: { none: "ไม่มี", not_applicable: "n/a" },
});
