// Parallel tests on one served fake, each with a team. Run it with: npx vitest run
import { test as base } from "vitest";

const { AUROUS_BASE_URL: url } = process.env;

async function control(name, body = {}) {
  const headers = { "Content-Type": "application/json" };
  const sent = { method: "POST", headers, body: JSON.stringify(body) };
  const response = await fetch(`${url}/__aurous__/${name}`, sent);
  const content = await response.json();
  if (!response.ok) throw new Error(content.error ?? content.result?.report);
  return content.result;
}

const test = base.extend({
  team: async ({}, use) => use(await control("teams.add", { credits: 10 })),
});

// The code under test gets the key of the team.
async function ask(key, content) {
  const headers = { "Content-Type": "application/json", "X-Api-Key": key };
  const messages = [{ role: "user", content }];
  const body = JSON.stringify({ model: "aurous-grow-2.0-pro", messages });
  const sent = { method: "POST", headers, body };
  const response = await fetch(`${url}/v1/chat/completions`, sent);
  return (await response.json()).choices[0].message.content;
}

for (const color of ["black", "red", "white"]) {
  test.concurrent(`her hair is ${color}`, async ({ expect, team }) => {
    await control("chat.reply", { text: color, team: team.id });
    expect(await ask(team.api_key, "What color is her hair?")).toBe(color);
    await control("assert_called", { operation: "chat.create", team: team.id, times: 1 });
  });
}
