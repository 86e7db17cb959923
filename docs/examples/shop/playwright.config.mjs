import { defineConfig } from "@playwright/test";

export default defineConfig({
  fullyParallel: true, // the tests share one fake, and each has a team
  use: {
    baseURL: "http://localhost:5173",
    launchOptions: { executablePath: process.env.CHROMIUM },
  },
  webServer: [
    {
      command: "pytest-aurous serve --quiet",
      url: "http://127.0.0.1:8787/__aurous__/health",
    },
    // Your front end with its server: npm run dev, for example.
    {
      command: "node server.mjs",
      url: "http://localhost:5173",
      env: {
        AUROUS_BASE_URL: "http://127.0.0.1:8787",
        // The fake's key, which it prints at its start: each seed has one.
        AUROUS_API_KEY:
          "al_live_fa4efa4efa4efa4efa4efa4efa4efa4efa4efa4efa4efa4e85104b24095f2731",
      },
    },
  ],
});
