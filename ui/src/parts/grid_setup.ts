/** AG Grid Community with the modules that we use, in our own colors. */

import {
  CellApiModule,
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  ColumnApiModule,
  EventApiModule,
  ExternalFilterModule,
  LocaleModule,
  ModuleRegistry,
  NumberFilterModule,
  PinnedRowModule,
  QuickFilterModule,
  RenderApiModule,
  RowApiModule,
  RowStyleModule,
  ScrollApiModule,
  TextFilterModule,
  themeQuartz,
  TooltipModule,
} from "ag-grid-community";
import type { Language } from "../words/language.svelte";

ModuleRegistry.registerModules([
  CellApiModule,
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  ColumnApiModule,
  EventApiModule,
  ExternalFilterModule,
  LocaleModule,
  NumberFilterModule,
  PinnedRowModule,
  QuickFilterModule,
  RenderApiModule,
  RowApiModule,
  RowStyleModule,
  ScrollApiModule,
  TextFilterModule,
  TooltipModule,
]);

/** All colors are tokens of theme.css, so that a change of theme needs nothing from the grid. */
export const gridTheme = themeQuartz.withParams({
  accentColor: "var(--accent)",
  backgroundColor: "var(--bg-1)",
  foregroundColor: "var(--text-1)",
  chromeBackgroundColor: "var(--bg-1)",
  headerBackgroundColor: "var(--bg-1)",
  headerTextColor: "var(--text-3)",
  headerFontSize: 11,
  headerFontWeight: 500,
  headerColumnResizeHandleColor: "transparent",
  borderColor: "var(--line)",
  rowBorder: { color: "var(--line)", width: 1 },
  columnBorder: false,
  wrapperBorder: false,
  wrapperBorderRadius: 0,
  rowHoverColor: "var(--bg-2)",
  selectedRowBackgroundColor: "var(--accent-soft)",
  oddRowBackgroundColor: "transparent",
  menuBackgroundColor: "var(--bg-2)",
  menuShadow: "var(--shadow)",
  popupShadow: "var(--shadow)",
  inputBackgroundColor: "var(--bg-0)",
  fontFamily: "inherit",
  fontSize: 12,
  iconSize: 12,
  spacing: 4,
  cellHorizontalPadding: 8,
  rowHeight: 28,
  headerHeight: 28,
});

/** The nonce that lets the grid put its style sheet into the page; not there while developing. */
export function styleNonce(): string | undefined {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce || undefined;
}

const KEYS = [
  "contains",
  "notContains",
  "equals",
  "notEqual",
  "startsWith",
  "endsWith",
  "blank",
  "notBlank",
  "greaterThan",
  "greaterThanOrEqual",
  "lessThan",
  "lessThanOrEqual",
  "inRange",
  "andCondition",
  "orCondition",
  "filterOoo",
  "inRangeStart",
  "inRangeEnd",
  "noRowsToShow",
  "ariaFilterMenuOpen",
  "ariaFilterValue",
] as const;

const TRANSLATIONS: Readonly<Record<Exclude<Language, "en">, readonly string[]>> = {
  zh: "包含|不包含|等于|不等于|开头是|结尾是|为空|不为空|大于|大于等于|小于|小于等于|介于|且|或|筛选…|从|到|没有内容|打开筛选|筛选值".split("|"),
  vi: "chứa|không chứa|bằng|khác|bắt đầu bằng|kết thúc bằng|trống|không trống|lớn hơn|lớn hơn hoặc bằng|nhỏ hơn|nhỏ hơn hoặc bằng|trong khoảng|và|hoặc|Lọc…|từ|đến|Không có gì|Mở bộ lọc|Giá trị lọc".split(
    "|",
  ),
  th: "มีคำว่า|ไม่มีคำว่า|เท่ากับ|ไม่เท่ากับ|ขึ้นต้นด้วย|ลงท้ายด้วย|ว่าง|ไม่ว่าง|มากกว่า|ไม่น้อยกว่า|น้อยกว่า|ไม่เกิน|อยู่ระหว่าง|และ|หรือ|กรอง…|จาก|ถึง|ไม่มีรายการ|เปิดตัวกรอง|ค่าที่กรอง".split(
    "|",
  ),
};

/** The grid's own words in a language; English ones are its own. */
export function gridWords(language: Language): Record<string, string> {
  if (language === "en") return {};
  return Object.fromEntries(KEYS.map((key, at) => [key, TRANSLATIONS[language][at] ?? key]));
}
