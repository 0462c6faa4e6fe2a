/** The parts of ECharts that pages draw with, and how our tokens reach them. */

import { BarChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import {
  DataZoomInsideComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
  VisualMapPiecewiseComponent,
} from "echarts/components";
import { init, use, type ComposeOption, type EChartsType } from "echarts/core";
import type { BarSeriesOption, HeatmapSeriesOption, LineSeriesOption, ScatterSeriesOption } from "echarts/charts";
import type {
  DataZoomComponentOption,
  GridComponentOption,
  LegendComponentOption,
  TooltipComponentOption,
  VisualMapComponentOption,
} from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
import { token } from "../theme.svelte";

use([
  BarChart,
  HeatmapChart,
  LineChart,
  ScatterChart,
  DataZoomInsideComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
  VisualMapPiecewiseComponent,
  CanvasRenderer,
]);

export type ChartOption = ComposeOption<
  | BarSeriesOption
  | HeatmapSeriesOption
  | LineSeriesOption
  | ScatterSeriesOption
  | DataZoomComponentOption
  | GridComponentOption
  | LegendComponentOption
  | TooltipComponentOption
  | VisualMapComponentOption
>;

export type { EChartsType };

function axis(): object {
  return {
    axisLine: { lineStyle: { color: token("--line-strong") } },
    axisTick: { show: false },
    axisLabel: { color: token("--text-3"), fontSize: 11 },
    splitLine: { lineStyle: { color: token("--line") } },
    splitArea: { show: false },
    nameTextStyle: { color: token("--text-3"), fontSize: 11 },
  };
}

/** Our tokens as a theme. */
function themeOf(): object {
  const box = { backgroundColor: token("--bg-3"), borderColor: token("--line-strong"), borderWidth: 1, padding: 8 };
  const text = { color: token("--text-1"), fontSize: 12, fontFamily: getComputedStyle(document.body).fontFamily };
  return {
    color: [token("--accent"), token("--long"), token("--short"), token("--notice"), token("--good"), token("--text-3")],
    backgroundColor: "transparent",
    textStyle: text,
    categoryAxis: axis(),
    valueAxis: axis(),
    logAxis: axis(),
    timeAxis: axis(),
    // A rich text is drawn on the canvas: no name from outside ever becomes markup.
    tooltip: { ...box, textStyle: text, renderMode: "richText", confine: true },
    legend: { textStyle: { color: token("--text-2"), fontSize: 11 }, itemWidth: 12, itemHeight: 8 },
    visualMap: { textStyle: { color: token("--text-3"), fontSize: 11 } },
  };
}

/** A chart in an element, in the theme of the moment. */
export function makeChart(element: HTMLElement): EChartsType {
  return init(element, themeOf(), { renderer: "canvas" });
}
