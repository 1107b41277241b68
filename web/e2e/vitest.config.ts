// The tests in a browser: one after the other, since each has a hub and a browser to itself.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: import.meta.dirname,
    // The benchmarks name their file: they need a hub that somebody else has started.
    include: process.env.FIELDPOST_BENCH_HUB === undefined ? ["**/*.e2e.ts"] : ["**/*.bench.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    // As the tests of the hub in CI (.config/nextest.toml): the report names what needed a second try.
    retry: process.env.CI === "true" ? 1 : 0,
    hookTimeout: 120_000,
  },
});
