// The shop's server: the key stays here, and the browser never sees it.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const { AUROUS_BASE_URL: url, AUROUS_API_KEY: ownKey } = process.env;

function order(id, key) {
  const json = { "Content-Type": "application/json" };
  return fetch(`${url}/v1/images`, {
    method: "POST",
    headers: { ...json, "X-Api-Key": key, "Idempotency-Key": id },
    body: JSON.stringify({ prompt: "a portrait" }),
    signal: AbortSignal.timeout(500),
  });
}

async function respond(request, response) {
  if (request.method === "POST") {
    const id = randomUUID();
    const key = request.headers["x-test-key"] ?? ownKey; // in tests alone
    const image = await order(id, key).catch(() => order(id, key)); // tries again
    const { status, error } = await image.json();
    response.end(error?.code ?? status);
  } else {
    response.setHeader("Content-Type", "text/html");
    response.end(await readFile("shop.html"));
  }
}

createServer(respond).listen(5173, "localhost");
