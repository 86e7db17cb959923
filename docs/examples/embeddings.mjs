// OpenAI's package for Node. Run it with: sh with_fake.sh node embeddings.mjs
import assert from "node:assert/strict";
import OpenAI from "openai";

const { AUROUS_BASE_URL: url, AUROUS_API_KEY: apiKey } = process.env;
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey });

const texts = { vectors_by_text: { "black hair": [0.6, 0.8] } };
const headers = { "Content-Type": "application/json" };
const sent = { method: "POST", headers, body: JSON.stringify(texts) };
assert.ok((await fetch(`${url}/__aurous__/embeddings.vectors`, sent)).ok);

const { data } = await client.embeddings.create({
  model: "aurous-embed-vision-1.0",
  input: "black hair",
  encoding_format: "float", // the package decodes Base64 unless told, and the API sends none
});
assert.deepEqual(data[0].embedding, [0.6, 0.8]);
console.log("passed");
