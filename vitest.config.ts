import { defineConfig } from "vitest/config";

/**
 * Guests and Chromium are real and the machines small: two files at a time, and time enough for each test. What is waited
 * for may be shown by a reading that comes once a second.
 */
const common = { maxWorkers: 2, testTimeout: 120_000, hookTimeout: 180_000, expect: { poll: { timeout: 15_000 } } };

export default defineConfig({
  test: {
    ...common,
    projects: [
      {
        test: { ...common, name: "node", include: ["test/**/*.test.ts"], exclude: ["test/browser/**"] },
      },
      {
        test: {
          ...common,
          name: "browser",
          include: ["test/browser/**/*.browser.test.ts"],
          globalSetup: ["test/browser/setup.ts"],
          fileParallelism: false,
        },
      },
    ],
  },
});
