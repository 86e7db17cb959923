// A front end and its errors. Run it with: npx playwright test
import { expect, test as base } from "@playwright/test";

const control = "http://127.0.0.1:8787/__aurous__";
const test = base.extend({
  given: [{}, { option: true }],
  // Each test has a team, and so records, credits, limits and calls of its own.
  team: async ({ page, request, given }, use) => {
    const added = await request.post(`${control}/teams.add`, { data: given });
    expect(added.ok(), await added.text()).toBe(true);
    const { id, api_key: key } = (await added.json()).result;
    await page.setExtraHTTPHeaders({ "X-Test-Key": key });
    await page.goto("/");
    await use({ id, when: { header: { "X-Api-Key": key } } });
  },
});

test("a response is lost, and the order is paid once", async ({ page, request, team }) => {
  const data = { operation: "images.create", commit: true, when: team.when };
  await request.post(`${control}/faults.timeout`, { data });
  await page.getByRole("button", { name: "Order" }).click();
  const wanted = `calls?operation=images.create&team=${team.id}&at_least=2&wait=10`;
  const calls = await request.get(`${control}/${wanted}`);
  expect((await calls.json())[1].replayed).toBe(true);
  await expect(page.getByRole("status")).toHaveText("pending");
});

test.describe("without credits", () => {
  test.use({ given: { credits: 0 } });

  test("an order is refused", async ({ page, team }) => {
    await page.getByRole("button", { name: "Order" }).click();
    await expect(page.getByRole("status")).toHaveText("balance_too_low");
  });
});
