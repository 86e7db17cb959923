// A test in another language: it prepares the fake, and then uses it.
const { AUROUS_BASE_URL: url, AUROUS_API_KEY: key } = process.env;

async function control(name, body) {
  const headers = { "Content-Type": "application/json" };
  const sent = { method: "POST", headers, body: JSON.stringify(body) };
  const response = await fetch(`${url}/__aurous__/${name}`, sent);
  return response.json();
}

await control("clock", { freeze: "2026-05-08T10:00:00Z" });
const { id } = await control("add", { name: "Aurora", status: "reviewing" });
await control("faults", {
  kind: "status",
  operation: "characters.save",
  status: 503,
});

const seen = [];
for (let attempt = 0; attempt < 2; attempt += 1) {
  const response = await fetch(`${url}/v1/characters/${id}/save`, {
    method: "POST",
    headers: { "X-Api-Key": key },
  });
  seen.push(response.status);
}
console.log(JSON.stringify(seen));
