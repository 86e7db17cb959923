// A suite in another language: fetch alone, no package. Run it with node.
import assert from "node:assert/strict";

const { AUROUS_BASE_URL: url, AUROUS_API_KEY: key } = process.env;

async function control(name, body = {}) {
  const headers = { "Content-Type": "application/json" };
  const sent = { method: "POST", headers, body: JSON.stringify(body) };
  const response = await fetch(`${url}/__aurous__/${name}`, sent);
  const content = await response.json();
  assert.ok(response.ok, content.error ?? content.result?.report);
  return content.result;
}

// The code under test: it saves, and tries again where that fails.
async function save(id) {
  const sent = { method: "POST", headers: { "X-Api-Key": key } };
  const response = await fetch(`${url}/v1/characters/${id}/save`, sent);
  return response.ok ? response.json() : save(id);
}

await control("reset");
await control("clock.freeze", { at: "2026-05-08T10:00:00Z" });
const added = { name: "Aurora", status: "reviewing" };
const { id } = await control("characters.add", added);
await control("faults.status", { operation: "characters.save", status: 503 });

const saved = save(id); // somewhere else, at the same time
const wanted = "operation=characters.save&at_least=2&wait=10";
const calls = await fetch(`${url}/__aurous__/calls?${wanted}`);
assert.equal((await calls.json()).length, 2);
assert.equal((await saved).status, "ready");
await control("assert_called", { operation: "characters.save", times: 2 });
console.log("passed");
