// How the application is built: hashed files below /assets, nothing inlined, because the policy
// under which the hub serves its pages allows no script and no style inside them.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const hub = process.env.FIELDPOST_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    // The build script measures which scripts a page loads first.
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
  },
  server: {
    // The hub asks that changes come from its own page; towards it, the development server is one.
    proxy: { "/api": { target: hub, changeOrigin: true } },
  },
  test: { include: ["src/**/*.test.ts", "scripts/**/*.test.mjs"] },
});
