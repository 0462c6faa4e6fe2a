import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const LICENSES = "THIRD-PARTY.md";
const TEXT = /\.(js|css|svg|json|html|txt|md)$/;
const COMPRESSED_FROM_BYTES = 1_024;

/** Big libraries: each is one file of its own, loaded by the first page that shows one. */
const LIBRARIES = [
  { name: "grid", test: /node_modules[\\/](ag-grid-community|ag-stack|ag-charts-types)[\\/]/ },
  { name: "chart", test: /node_modules[\\/](echarts|zrender|tslib)[\\/]/ },
  { name: "timechart", test: /node_modules[\\/](lightweight-charts|fancy-canvas)[\\/]/ },
];

/** Write a .gz beside each asset, so that the server need not compress; the same input gives the same bytes. */
function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved(config) {
      folder = join(resolve(config.root, config.build.outDir), config.build.assetsDir);
    },
    closeBundle() {
      for (const name of readdirSync(folder)) {
        const path = join(folder, name);
        const content = TEXT.test(name) ? readFileSync(path) : Buffer.alloc(0);
        if (content.length >= COMPRESSED_FROM_BYTES) writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

/** Add the notices that licenses such as Apache's want passed on; the build itself writes license texts only. */
function noticed(): Plugin {
  let root = "";
  let file = "";
  return {
    name: "noticed",
    apply: "build",
    configResolved(config) {
      root = config.root;
      file = join(resolve(root, config.build.outDir), LICENSES);
    },
    closeBundle() {
      for (const [, name] of readFileSync(file, "utf8").matchAll(/^## (\S+) - /gm)) {
        const notice = join(root, "node_modules", name ?? "", "NOTICE");
        if (existsSync(notice)) appendFileSync(file, `\n## Notice of ${name}\n\n${readFileSync(notice, "utf8").trim()}\n`);
      }
    },
  };
}

export default defineConfig({
  plugins: [svelte(), compressed(), noticed()],
  base: "./",
  build: {
    outDir: "../src/marginwatch/web/static",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0, // the policy for what may be loaded knows no data: addresses but for images
    modulePreload: { polyfill: false }, // it would be an inline script
    license: { fileName: LICENSES },
    chunkSizeWarningLimit: 1_200,
    rolldownOptions: { output: { codeSplitting: { groups: LIBRARIES } } },
  },
  server: {
    proxy: { "/api": { target: process.env["MARGINWATCH_URL"] ?? "http://127.0.0.1:8600", ws: true } },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
