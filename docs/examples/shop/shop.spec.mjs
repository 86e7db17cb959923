// A front end and its errors. Run it with: npx playwright test
import { expect, test as base } from "@playwright/test";

const control = "http://127.0.0.1:8787/__aurous__";
const test = base.extend({
  settings: [{}, { option: true }],
  // Each test begins anew, with its own settings.
  shop: async ({ page, request, settings }, use) => {
    const begun = await request.post(`${control}/reset`, { data: { settings } });
    expect(begun.ok(), await begun.text()).toBe(true);
    await page.goto("/");
    await use(page);
  },
});

test("a response is lost, and the order is paid once", async ({ shop, request }) => {
  const data = { operation: "images.create", commit: true };
  await request.post(`${control}/faults.timeout`, { data });
  await shop.getByRole("button", { name: "Order" }).click();
  const wanted = "calls?operation=images.create&at_least=2&wait=10";
  const calls = await request.get(`${control}/${wanted}`);
  expect((await calls.json())[1].replayed).toBe(true);
  await expect(shop.getByRole("status")).toHaveText("pending");
});

test.describe("without credits", () => {
  test.use({ settings: { credits: 0 } });

  test("an order is refused", async ({ shop }) => {
    await shop.getByRole("button", { name: "Order" }).click();
    await expect(shop.getByRole("status")).toHaveText("balance_too_low");
  });
});
