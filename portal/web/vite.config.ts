// How the front end is built: for Chromium 109 and later, below /app, nothing inlined, so that the strict content security policy holds.
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";
import { coreFonts } from "./build/core-fonts";

export default defineConfig({
  base: "/app/",
  plugins: [vue(), coreFonts()],
  build: {
    target: ["chrome109", "firefox115", "safari16"],
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8130", "/static": "http://127.0.0.1:8130" } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
