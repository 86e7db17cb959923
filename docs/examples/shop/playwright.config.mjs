import { defineConfig } from "@playwright/test";

export default defineConfig({
  workers: 1, // the tests share one fake
  use: { launchOptions: { executablePath: process.env.CHROMIUM } },
  webServer: [
    {
      command: "pytest-aurous serve --quiet --cors http://localhost:5173",
      url: "http://127.0.0.1:8787/__aurous__/health",
    },
    // Your front end: npm run dev, for example.
    {
      command: "python3 -m http.server 5173",
      url: "http://localhost:5173/shop.html",
    },
  ],
});
