"use strict";
// A call as curl, as httpx and as a test; a trace as HAR.

const KEY = /^(x-api-key|authorization)$/i;
const OWN = /^(host|accept|accept-encoding|connection|user-agent|content-length)$/i;

/** Return the headers that the caller chose; a key is left to the caller. */
const ownHeaders = (call) => call.request.headers.filter(([name]) => !OWN.test(name) && !KEY.test(name));
const isRedacted = ([, value]) => /…|\(redacted\)/.test(value);
const chosenHeaders = (call) => ownHeaders(call).filter((header) => !isRedacted(header));
const hasKey = (call) => call.error_code !== "missing_api_key" && call.request.headers.some(([name]) => KEY.test(name));

// ---------------------------------------------------------------------------------------------- shell
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function asCurl(call) {
  const parts = [`curl -X ${call.method} ${quoted(call.url)}`];
  if (hasKey(call)) parts.push('-H "X-API-Key: $AUROUS_API_KEY"');
  parts.push(...chosenHeaders(call).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`));
  const body = call.request.body;
  if (body?.text !== undefined) parts.push(`--data-raw ${quoted(body.text)}`);
  else if (body) parts.push(`--data-binary @body  # ${body.size} bytes, which are not in the trace`);
  return parts.join(" \\\n  ");
}

// --------------------------------------------------------------------------------------------- Python
/** Write a text as a Python literal; what cannot be seen is escaped. */
const pythonText = (text) => JSON.stringify(text).replace(/[\u007f-\uffff]/g, (letter) =>
  letter.match(INVISIBLE) ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}` : letter);

/** Write JSON as a Python literal. It works on the text, since JavaScript would round large numbers. */
function python(json) {
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g) ?? [];
  const words = { true: "True", false: "False", null: "None" };
  let at = 0;
  const one = () => {
    const token = tokens[at++];
    if (token[0] === '"') return pythonText(JSON.parse(token));
    if (token !== "{" && token !== "[") return words[token] ?? token;
    const end = token === "{" ? "}" : "]";
    const parts = [];
    while (tokens[at] !== end) {
      const first = one();
      parts.push(tokens[at] === ":" ? (at++, `${first}: ${one()}`) : first);
      if (tokens[at] === ",") at++;
    }
    at++;
    return fitted(token, parts, end);
  };
  return one();
}
/** Put parts between brackets, on one line where that fits. */
function fitted(left, parts, right) {
  const line = `${left}${parts.join(", ")}${right}`;
  if (line.length < 88 && !line.includes("\n")) return line;
  return `${left}\n${parts.map((part) => `${indented(part)},\n`).join("")}${right}`;
}
const pythonCall = (name, parts) => fitted(`${name}(`, parts, ")");
const indented = (text, indent = "    ") => indent + text.replaceAll("\n", `\n${indent}`);
const literal = (value) => python(JSON.stringify(value));

/** Return the arguments of a request; the headers as [name, expression]. */
function requestArguments(call, key = null) {
  const body = call.request.body;
  // Half a surrogate, an infinite number, or brackets in brackets are JSON that Python cannot write as a literal.
  const isOdd = (text) => /\\u[dD][89a-fA-F]|\d[eE]\+?\d{3}/.test(text) || text.split(/[[{]/).length > 90;
  const json = body?.type === "application/json" && parsed(body) !== undefined && !isOdd(body.text);
  const headers = chosenHeaders(call).filter(([name]) => !json || name.toLowerCase() !== "content-type")
    .map(([name, value]) => `${pythonText(name)}: ${pythonText(value)}`);
  if (key) headers.unshift(`"X-API-Key": ${key}`);
  const parts = [];
  if (headers.length) parts.push(`headers={${headers.join(", ")}}`);
  if (json) parts.push(`json=${python(body.text)}`);
  else if (body?.text !== undefined) parts.push(`content=${pythonText(body.text)}.encode()`);
  else if (body) parts.push(`content=b""`);
  return parts;
}

function asHttpx(call) {
  const parts = requestArguments(call, hasKey(call) ? 'os.environ["AUROUS_API_KEY"]' : null);
  const note = call.request.body && call.request.body.text === undefined
    ? `# The body of ${call.request.body.size} bytes is not in the trace.\n` : "";
  return `import os\n\nimport httpx\n\n${note}response = ` +
    `${pythonCall("httpx.request", [pythonText(call.method), pythonText(call.url), ...parts])}\n`;
}

// --------------------------------------------------------------------------------------------- a test
const RAISED = {
  "timeout (connect)": "ConnectTimeout", "timeout (read)": "ReadTimeout", "timeout (write)": "WriteTimeout",
  "timeout (pool)": "PoolTimeout", connect_error: "ConnectError", disconnect: "RemoteProtocolError",
  delay: "ReadTimeout", stall: "ReadTimeout",
};
/** Return whether a fault broke the stream of a response after its head had arrived. */
const isBroken = (call) => call.stream !== null && /^(stall|disconnect)/.test(call.fault);

/** Return the line that adds the fault of a call, or null. A delay that no response followed lasted for *seconds*. */
function faultOf(call, seconds) {
  const [kind, ...effects] = call.fault.split(", ");
  const [, name, detail] = kind.match(/^(\w+)(?: \((\w+)\)| of ([\d.e+]+) s| (\d+))?/) ?? [];
  const where = pythonText(call.operation ?? "*");
  const commit = effects.length ? ["commit=True"] : [];
  const retry = header(call.response, "retry-after");
  const after = !retry ? [] : /^\d+$/.test(retry) ? [`retry_after=${retry}`]
    : [`headers={"Retry-After": ${pythonText(retry)}}`];
  const one = (method, ...rest) => pythonCall(`aurous.faults.${method}`, [where, ...rest, ...commit]);
  const makers = {
    status: () => one("status", String(call.status), `code=${pythonText(call.error_code)}`, ...after),
    rate_limited: () => one("rate_limited", ...after),
    timeout: () => one("timeout", `phase="${detail}"`),
    connect_error: () => one("connect_error"),
    disconnect: () => one("disconnect", ...(isBroken(call) ? [`after_events=${call.stream.count}`] : [])),
    stall: () => one("stall", `after_events=${call.stream.count}`),
    delay: () => one("delay", `seconds=${call.delay || seconds}`),
    malformed: () => one("malformed", `kind="${detail}"`),
    greased: () => one("greased", `kind="${detail}"`),
    outage: () => `aurous.faults.outage(60${commit.length ? ", commit=True" : ""})`,
  };
  return own(makers, name)?.() ?? null;
}

/** Return the script of a record that is under way: polls and seconds that have passed are taken off its step. */
function scriptFrom(record, at) {
  const { steps, step, status, polls, json } = record;
  const moves = ["synthesizing", "pending", "processing"].includes(status);
  if (step === null || step >= steps.length - 1 || !moves) return null;
  const since = (at - Date.parse(json.updated_at ?? json.created_at) / 1000) || 0;
  const units = { ms: 1, s: 1000, m: 60000, h: 3600000 };
  const left = /[*:!]/.test(steps[step])
    ? steps[step]
        .replace(/\*(\d+)$/, (_, count) => `*${Math.max(0, count - polls)}`)
        .replace(/:(\d+)(ms|[smh])$/, (_, number, unit) =>
          `:${Math.max(0, Math.round(number * units[unit] - since * 1000))}ms`)
    : polls > 0 ? `${steps[step]}*0` : steps[step];
  return [...steps.slice(0, step), left, ...steps.slice(step + 1)].join(" -> ");
}

const given = (name, value) => (value === null || value === undefined ? [] : [`${name}=${literal(value)}`]);

/** How each kind of record is set up: the collection, and the arguments of `add`. */
const SETUP = {
  character: (it, record, at) => ["characters", [
    literal(it.name), ...given("id", it.id), ...given("status", record.gone ? "deleted" : it.status),
    ...given("attributes", it.attributes), ...given("script", scriptFrom(record, at)),
    ...given("client_reference_id", it.client_reference_id)]],
  image: (it, record, at) => ["images", [
    literal(it.prompt), ...given("id", it.id), ...given("status", it.status), ...given("character", it.character_id),
    ...given("size", it.size_preset), ...given("count", it.image_count), ...given("script", scriptFrom(record, at))]],
  video: (it, record, at) => ["videos", [
    literal(it.prompt), ...given("id", it.id), ...given("status", it.status),
    ...given("resolution", it.video_resolution), ...given("ratio", it.video_ratio),
    ...given("duration", it.video_duration), ...given("script", scriptFrom(record, at))]],
  file: (it) => ["files", [...given("id", it.id), ...given("purpose", it.purpose), ...given("metadata", it.metadata)]],
  upload: (it) => ["uploads", [
    ...given("id", it.id), ...given("filename", it.filename), ...given("pose", it.pose),
    ...given("confidence", it.confidence)]],
  lora: (it) => ["loras", [
    literal(it.name), ...given("slug", it.slug), ...given("public", it.is_public), ...given("id", it.id)]],
  videolora: (it) => ["video_loras", SETUP.lora(it)[1]],
  endpoint: (it) => ["webhook_endpoints", [literal(it.url), ...given("events", it.events), ...given("id", it.id)]],
};

/** Return the expression of a signed URL, which every fake signs anew, and its record; null for any other URL. */
function signedUrl(call, records) {
  if (!/(^|&)token=/.test(call.query ?? "")) return null;
  for (const record of records) {
    const { kind, json } = record;
    const one = `aurous.${SETUP[kind]?.(json, { step: null }, 0)[0]}[${pythonText(json.id ?? "")}]`;
    const refs = (json.refs ?? []).map((ref, at) => [ref.url, `refs[${at}].url`]);
    const outputs = (json.output_urls ?? []).map((url, at) => [url, `output_urls[${at}]`]);
    const found = [...refs, ...outputs, [json.output_video_url, "output_video_url"], [json.url, "url"]]
      .find(([url]) => url && pathOf(url) === call.path);
    if (found) return { expression: `${one}.${found[1]}`, record };
  }
  return null;
}

/** Return a complete pytest file that sets up the state before a call, makes it, and gets the same status. */
function asTest(model, call) {
  const key = header(call.request, "idempotency-key");
  const twin = key && model.calls.find((one) =>
    one.index < call.index && one.team === call.team && header(one.request, "idempotency-key") === key);
  const from = twin || call;
  const world = worldAt(model, from.index - 1);
  const signed = signedUrl(call, Object.values(world.records));
  const expired = signed && call.status >= 400 && signed.record.json.created_at; // it was signed when it was valid
  const begin = expired ? Date.parse(expired) / 1000 : from.arrived;
  const sent = twin ? [twin, call] : [call];
  const records = Object.values(world.records);
  const mine = Object.keys(model.data.start.money)[0];
  const other = call.team !== null && call.team !== mine ? call.team : null;
  const owner = call.team ?? mine;
  const remarks = [];
  const setup = [];

  // Public styles exist in each fake, with other ids, and can be named by their slug.
  const slugs = Object.values(model.data.start.records).filter((it) => it.json.slug)
    .map((it) => [it.json.id, it.json.slug]);
  const renamed = (text) => slugs.reduce((all, [id, slug]) => all.replaceAll(id, slug), text);
  const requests = sent.map((one) => {
    const { body } = one.request;
    const request = { ...one.request, body: body && { ...body, text: body.text && renamed(body.text) } };
    return { ...one, url: renamed(one.url), path: renamed(one.path), request };
  });

  // What the requests mention, and the characters of what they mention.
  const made = records.filter((it) => SETUP[it.kind] && !own(model.data.start.records, it.json.id));
  const mentioned = new Set();
  const isNamed = ({ id, refs = [] }, text) =>
    (id && text.includes(id)) || refs.some((ref) => text.includes(pathOf(ref.url)));
  const mention = (text) => made.forEach((it) => {
    if (!mentioned.has(it) && isNamed(it.json, text)) {
      mentioned.add(it);
      if (it.json.character_id) mention(it.json.character_id);
    }
  });
  if (/\.list$|^usage\./.test(call.operation ?? "")) {
    made.filter((it) => it.team === owner).slice(-200).forEach((it) => mentioned.add(it));
  }
  sent.forEach((one) => mention(`${one.url} ${one.request.body?.text ?? ""}`));

  if (other) {
    const account = own(world.money, other);
    const exempt = account?.billing_mode === "exempt" ? ['billing_mode="exempt"'] : [];
    const named = literal(own(world.records, other)?.json.name ?? "Rivals");
    setup.push(pythonCall("team = aurous.teams.add", [named, `credits=${account?.available ?? 1000}`, ...exempt]));
  } else if (world.money[mine] && world.money[mine].available !== 1000) {
    setup.push(`aurous.team.credits = ${world.money[mine].available}`);
  }
  const { held } = own(world.money, owner) ?? {};
  if (held) remarks.push(`${amount(held)} held credits are left out: what is set is what was available.`);
  const names = new Map([[mine, null], [other, "team"]]);
  for (const { team } of mentioned) {
    if (!team || names.has(team)) continue;
    names.set(team, `team_${names.size}`);
    const called = literal(own(world.records, team)?.json.name ?? "Another team");
    setup.push(pythonCall(`${names.get(team)} = aurous.teams.add`, [called]));
  }
  for (const [name, script] of Object.entries(world.scripts)) {
    const [kind, ...about] = name.split(" ");
    const what = kind === "characters" ? "aurous.script" : `aurous.${kind}.script`;
    setup.push(pythonCall(what, [pythonText(script), ...given("name", about.join(" ") || null)]));
  }
  for (const record of made.filter((it) => mentioned.has(it))) {
    const [collection, parts] = SETUP[record.kind](record.json, record, from.arrived);
    const owned = names.get(record.team);
    setup.push(pythonCall(`${owned ? `${owned}.` : "aurous."}${collection}.add`, parts));
    if (record.kind === "file") remarks.push(`The bytes of ${record.json.id} are drawn anew.`);
    if (record.kind === "upload" && !record.json.size) {
      remarks.push(`${record.json.id} had no picture yet; the one here has.`);
    }
  }
  const left = made.filter((it) => it.team === owner && !mentioned.has(it)).length;
  const [are, them] = left === 1 ? ["is", "it"] : ["are", "them"];
  if (left) {
    remarks.push(`${plural(left, "record")} of that moment ${are} left out: the request does not mention ${them}.`);
  }
  if (model.data.settings?.rate_limits === "enforce") {
    const { buckets } = worldAt(model, call.status === 429 ? call.index : from.index - 1);
    for (const [name, { remaining, capacity }] of Object.entries(buckets)) {
      const [id, bucket] = name.split(" ");
      if (id !== owner) continue;
      if (remaining === 0) setup.push(`${other ? "team" : "aurous"}.limits[${pythonText(bucket)}].exhaust()`);
      else if (call.status === 429) {
        remarks.push(`The bucket ${bucket} had ${remaining} of ${capacity} tokens; it is full here.`);
      }
    }
  }

  // The requests, each with its fault.
  const lines = [];
  const keyOf = (one) =>
    signed ? null
    : other ? "team.api_key"
    : /^status/.test(one.fault) ? null
    : one.status === 401 && hasKey(one) ? '"al_live_unknown"'
    : ["insufficient_scope", "missing_scope"].includes(one.error_code) ? 'aurous.team.add_key("read")' : null;
  requests.forEach((one, at) => {
    const gap = Math.round((at ? one.arrived - requests[0].at : one.arrived - begin) * 1000) / 1000;
    if (expired) lines.push(`url = ${signed.expression}`);
    if (gap > 0) lines.push(`aurous.clock.advance(seconds=${gap})`);
    const inFlight = own(worldAt(model, one.index).keys, `${one.team} ${key}`)?.in_flight_until;
    const waited = inFlight ? Math.round((inFlight - one.arrived) * 1000) / 1000 : Math.ceil(one.timeout ?? 0) + 1;
    const fault = one.fault ? faultOf(one, waited) : null;
    if (fault) lines.push(fault);
    else if (one.fault) {
      remarks.push(`Call ${one.number} met "${visible(one.fault)}", which cannot be set up from the trace.`);
    }
    const base = model.data.base_url.replace(/\/$/, "");
    const below = one.url.startsWith(base) ? one.url.slice(base.length) || "/" : one.url;
    const place = expired ? "url" : signed?.expression ?? pythonText(below);
    const keyless = !hasKey(one) && !signed;
    const method = /^(GET|POST|PUT|PATCH|DELETE)$/.test(one.method) ? one.method.toLowerCase() : null;
    const parts = requestArguments(one, keyOf(one));
    const patience = one.timeout === null ? [] : [`timeout=${one.timeout}`];
    const url = keyless ? pythonText(one.url) : place;
    const odd = parts.some((it) => /^(json|content)/.test(it)) && /get|delete/.test(method); // httpx has no such body
    const verb = method && !odd ? method : "request";
    const name = `${keyless || signed ? "httpx" : "aurous_client"}.${verb}`;
    const waits = /^(delay|stall)/.test(one.fault) ? patience : [];
    const all = [...(verb === "request" ? [pythonText(one.method)] : []), url, ...parts, ...waits];
    if (ownHeaders(one).some(isRedacted)) {
      remarks.push(`Headers of call ${one.number} are left out: they are redacted.`);
    }
    if (one.request.body && one.request.body.text === undefined) {
      const what = `The body of call ${one.number} (${one.request.body.size} bytes)`;
      remarks.push(`${what} is not in the trace; put it in, and remove the skip.`);
    }
    const last = at === requests.length - 1;
    if (one.status === null || isBroken(one)) {
      const met = one.fault?.split(", ")[0] ?? "";
      const error = own(RAISED, met) ?? (met.startsWith("outage") ? "ConnectError" : "TransportError");
      lines.push("", `with pytest.raises(httpx.${error}):`, indented(pythonCall(name, all)));
    } else {
      lines.push("", `${last ? "response = " : ""}${pythonCall(name, all)}`);
      if (last) {
        lines.push("", `assert response.status_code == ${one.status}`);
        if (one.error_code && parsed(one.response?.body)?.error?.code === one.error_code) {
          lines.push(`assert response.json()["error"]["code"] == ${pythonText(one.error_code)}`);
        }
      }
    }
  });

  const strict = call.operation === null ? { strict: "off" } : {};
  const settings = { now: iso(begin), pitfalls: "off", ...strict, ...model.data.settings };
  const marker = Object.entries(settings).map(([name, value]) => `${name}=${literal(value)}`);
  const skip = requests.some((one) => one.request.body && one.request.body.text === undefined)
    ? '@pytest.mark.skip(reason="the body of the request is not in the trace")\n' : "";
  const name = `test_call_${call.number}_${(call.operation ?? "unmatched").replace(/\W/g, "_")}`;
  const comments = remarks.map((text) => `    # ${text}`);
  const body = [...comments, ...[...setup, ...lines].map((line) => line && indented(line))];
  const about = `${call.method} ${call.path} -> ${call.status ?? "no response"}`.replace(/[\\"]/g, "").slice(0, 120);
  const of = visible(model.data.test.id).replace(/[\\"]/g, "");
  return `"""Call ${call.number} of ${of}: ${visible(about).replace(/\\/g, "")}."""

import httpx
import pytest

from pytest_aurous import Aurous


${skip}${pythonCall("@pytest.mark.aurous", marker)}
def ${name}(aurous: Aurous, aurous_client: httpx.Client) -> None:
    """The request gets the response of the trace."""
${body.join("\n").replace(/\n{3,}/g, "\n\n")}
`;
}

// ------------------------------------------------------------------------------------------------ HAR
function asHar(model) {
  const [name, version] = model.data.generator.split(" ");
  const headers = (message) => (message?.headers ?? []).map(([name, value]) => ({ name: name.toLowerCase(), value }));
  const entries = model.calls.map((call) => {
    const { request, response } = call;
    const { body } = request;
    const picture = response?.body?.picture?.split("base64,")[1];
    const content = response?.body ?? {};
    return {
      startedDateTime: new Date(call.arrived * 1000).toISOString(),
      time: call.delay * 1000,
      request: {
        method: call.method, url: call.url, httpVersion: "HTTP/1.1", cookies: [], headers: headers(request),
        queryString: [...new URLSearchParams(call.query)].map(([name, value]) => ({ name, value })),
        headersSize: -1, bodySize: body?.size ?? 0,
        ...(body ? { postData: { mimeType: body.type, text: body.text ?? body.begins ?? "" } } : {}),
      },
      response: {
        status: call.status ?? 0, statusText: "", httpVersion: "HTTP/1.1", cookies: [], headers: headers(response),
        content: {
          size: content.size ?? 0, mimeType: content.type ?? "",
          ...(picture ? { text: picture, encoding: "base64" } : { text: content.text ?? content.begins ?? "" }),
          ...(content.digest ? { comment: `sha256 ${content.digest}` } : {}),
        },
        redirectURL: header(response, "location") ?? "", headersSize: -1, bodySize: content.size ?? 0,
        ...(response ? {} : { _error: call.fault ?? "no response" }),
      },
      cache: {},
      timings: { send: 0, wait: call.delay * 1000, receive: 0 },
      comment: [call.operation, call.error_code, call.fault].filter(Boolean).join("; ") || "no endpoint matches",
    };
  });
  return { log: { version: "1.2", creator: { name, version: version ?? "" }, entries } };
}
