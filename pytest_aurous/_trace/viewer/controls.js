"use strict";
// What a live page lets its reader do: each control stands beside its subject.

/** The collection of each kind of record; an action on one record has its singular. */
const COLLECTIONS = {
  character: "characters", image: "images", video: "videos", upload: "uploads", file: "files",
  completion: "completions", model: "models", lora: "loras", videolora: "video_loras",
  endpoint: "webhook_endpoints", team: "teams",
};
/** Return the operations that the document of the control requests describes: those that can be undone. */
const operationsOf = ({ paths }) => Object.entries(paths).filter(([, { post }]) => post?.parameters.length)
  .map(([path, { post }]) => {
    const { properties, required } = post.requestBody.content["application/json"].schema;
    const found = Object.entries(properties)
      .map(([name, schema]) => ({ name, schema, required: required.includes(name) }));
    const { summary, "x-destroys": destroys } = post;
    return { operation: path.slice(HOME.length), summary, destroys, arguments: found };
  });
const singular = (name) => name.replace(/s$/, "");
const words = (name) => name.replaceAll("_", " ").trim();

const typesOf = ({ schema }) => [schema.type ?? "any"].flat();

/**
 * Return the JSON of an argument out of what was typed, as it was written: JavaScript would round large numbers. What
 * cannot be read goes to the server, which says why.
 */
function typed(text, argument) {
  const types = typesOf(argument);
  const isText = types.includes("string") && !(types.includes("object") && text.startsWith("{"));
  return isText || parsed({ text }) === undefined ? JSON.stringify(text) : text;
}

/** Return the arguments of an action as the text of a JSON object. */
function argumentsOf(values, asked, fixed) {
  const written = asked.filter(({ name }) => values[name]).map((one) => [one.name, typed(values[one.name], one)]);
  const given = Object.entries(fixed).filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, JSON.stringify(value)]);
  return `{${[...given, ...written].map(([name, json]) => `${JSON.stringify(name)}: ${json}`).join(", ")}}`;
}

const rowsOf = (text) => Math.max(2, Math.min(12, text.length / 50 + text.split("\n").length));

let lists = 0;

function Field({ argument, value = "", onChange }) {
  const { name, required, schema } = argument;
  const types = typesOf(argument);
  const hint = typeof schema.default === "string" ? schema.default : JSON.stringify(schema.default) ?? "";
  const onInput = (event) => onChange(event.target.value);
  const choices = types.includes("boolean") && ["true", "false"];
  const list = useMemo(() => `examples-${(lists += 1)}`, []);
  const common = { value, onInput, required, list: schema.examples && list };
  const field = choices
    ? html`<select ...${common}><option value="">${hint ? `${hint} (default)` : ""}</option>
        ${choices.map((one) => html`<option key=${one} value=${String(one)}>${visible(one)}</option>`)}</select>`
    : types.some((type) => ["integer", "number"].includes(type))
      ? html`<input ...${common} inputmode="decimal" placeholder=${hint} autocomplete="off" />`
    : name === "text" ? html`<textarea ...${common} rows=${rowsOf(value)} placeholder=${hint}></textarea>`
    : types.includes("string") ? html`<input ...${common} placeholder=${hint} autocomplete="off" />`
    : html`<textarea ...${common} rows=${rowsOf(value)} placeholder=${hint || "JSON"}></textarea>`;
  return html`<label class="field"><span>${words(name)}${required && html`<span class="about"> required</span>`}</span>
    ${field}${schema.examples && html`<datalist id=${list}>
      ${schema.examples.map((one) => html`<option key=${one} value=${one} />`)}</datalist>`}</label>`;
}

/** An action as it can be repeated: its line of Python, and its curl. */
const Recipe = ({ action, of }) => html`<div class="recipe"><code><${Text} of=${action.python} limit=${400} /></code>
  <${Copy} label="Python" what="line of Python" of=${of} text=${() => action.python} title=${action.python} />
  ${action.curl && html`<${Copy} label="curl" what="curl" of=${of} text=${() => action.curl} title=${action.curl} />`}
</div>`;

/** The arguments of an action. */
function Form({ action, fixed = {}, first = {}, label, about, act, onDone }) {
  const [values, setValues] = useState(first);
  const asked = action.arguments.filter(({ name }) => !(name in fixed));
  const submit = async (event) => {
    event.preventDefault();
    const done = await act(action.operation, argumentsOf(values, asked, fixed));
    if (!done) return;
    setValues(first);
    onDone?.();
  };
  const change = (name) => (value) => setValues((before) => ({ ...before, [name]: value }));
  return html`<form class="form" aria-label=${about} onSubmit=${submit}>
    ${action.summary && html`<p class="about">${visible(action.summary)}</p>`}
    <div class="fields">${asked.map((argument) => html`<${Field} key=${argument.name} argument=${argument}
      value=${values[argument.name]} onChange=${change(argument.name)} />`)}</div>
    <button class="primary">${label}</button></form>`;
}

/** One action as a button; where something is left to choose, it opens a form. */
function Control({ action, fixed = {}, first, label, act }) {
  const [open, setOpen] = useState(false);
  if (!action) return null;
  const tone = action.destroys ? "danger" : "";
  if (action.arguments.every(({ name }) => name in fixed)) {
    return html`<button type="button" class=${tone} title=${action.summary}
      onClick=${() => act(action.operation, fixed)}>${label}</button>`;
  }
  return html`<${Opening} ...${{ open, setOpen, label, tone }}>
    <${Form} ...${{ action, fixed, first, label, act }} onDone=${() => setOpen(false)} /><//>`;
}

/** A button that opens what stands in it, below its row. */
const Opening = ({ open, setOpen, label, tone = "", children }) => html`<button type="button" class=${`opens ${tone}`}
    aria-expanded=${open ? "true" : "false"} onClick=${() => setOpen(!open)}>${label}…</button>
  ${open && html`<div class="opened">${children}</div>`}`;

/** One of several actions, with its form. */
function Choice({ label, verb, actions, fixed, first = {}, act, named = (name) => words(name.split(".").at(-1)) }) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState(null);
  if (!actions.length) return null;
  const action = actions.find(({ operation }) => operation === name) ?? actions[0];
  return html`<${Opening} ...${{ open, setOpen, label }}>
    <label class="field"><span>kind</span>
      <select value=${action.operation} onInput=${(event) => setName(event.target.value)}>
        ${actions.map(({ operation: one }) => html`<option key=${one} value=${one}>${named(one)}</option>`)}
      </select></label>
    <${Form} key=${action.operation} ...${{ action, act, fixed }} first=${first[action.operation]} label=${verb}
      onDone=${() => setOpen(false)} /><//>`;
}

/** A request, to be edited and sent again; its key is the one that it had. */
function SendAgain({ call, act }) {
  const [open, setOpen] = useState(false);
  const target = call.path + (call.query ? `?${call.query}` : "");
  const headers = ownHeaders(call).filter((header) => !isRedacted(header));
  const lines = headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  const whole = !call.request.body || call.request.body.text !== undefined;
  const before = { method: call.method, target, lines, body: call.request.body?.text ?? "" };
  const [edited, setEdited] = useState(before);
  const change = (name) => (event) => setEdited({ ...edited, [name]: event.target.value });
  const made = () => {
    const sent = { of: call.seq };
    if (edited.method !== before.method) sent.method = edited.method;
    if (edited.target !== target) sent.path = edited.target;
    if (edited.lines !== lines) {
      const found = edited.lines.split("\n").filter((line) => line.trim()).map((line) => line.split(/:(.*)/s));
      sent.headers = {
        ...Object.fromEntries(headers.map(([name]) => [name, null])),
        ...Object.fromEntries(found.map(([name, value = ""]) => [name.trim(), value.trim()])),
      };
    }
    if (edited.body !== before.body) sent.body = edited.body;
    return sent;
  };
  const submit = async (event) => {
    event.preventDefault();
    if (await act("send", made())) setOpen(false);
  };
  return html`<${Opening} ...${{ open, setOpen }} label="Send again"><form class="form" onSubmit=${submit}
    aria-label="Send again">
    <div class="fields"><label class="field"><span>method</span>
      <input value=${edited.method} onInput=${change("method")} /></label></div>
    <label class="field"><span>path</span><input value=${edited.target} onInput=${change("target")} /></label>
    <label class="field"><span>headers<span class="about"> its key, and what is redacted, are sent as they were</span>
      </span><textarea rows="2" value=${edited.lines} onInput=${change("lines")}></textarea></label>
    <label class="field"><span>body${!whole && html`<span class="about"> as it was, unless you write another</span>`}
      </span><textarea rows=${rowsOf(edited.body)} value=${edited.body} onInput=${change("body")}></textarea></label>
    <button class="primary"><${Icon} name="send" />Send</button></form><//>`;
}

/** Write JSON on several lines, with its numbers as they are. */
function spaced(text) {
  const asWritten = (_, value, { source }) => (typeof value === "number" ? JSON.rawJSON(source) : value);
  try {
    return JSON.stringify(JSON.parse(text, asWritten), null, 2);
  } catch {
    return text; // it is not JSON, or the browser cannot keep its numbers
  }
}

const calledAs = ({ function: { name, arguments: given } }) => `[${JSON.stringify(name)}, ${given || "{}"}]`;

/** Return what makes a response like that of a call: [operation, fixed, edited]; null where not all of it is there. */
function likeThat(call) {
  const { operation, status, error_code: code, stream, response } = call;
  const text = stream ? sentOf(call) : response?.body?.text;
  if (!text || /\(redacted\)|_…/.test(text)) return null; // a secret is not sent on in another form
  if (stream) {
    const { message: { content, refusal, tool_calls: calls }, reason } = answerOf(text);
    const fixed = { times: 1, finish_reason: reason === "stop" ? undefined : reason };
    const called = calls.length && spaced(`[${calls.map(calledAs)}]`);
    return ["chat.reply", fixed, { text: content, tool_calls: called, refuse: refusal }];
  }
  if (status < 400) return ["faults.body", { operation }, { body: spaced(text) }];
  const message = parsed(response.body)?.error?.message;
  return code && ["faults.status", { operation }, { status: String(status), code, message }];
}

/** The response of a request, to be edited for the next one like it. */
function RespondLike({ call, act, byName }) {
  const [open, setOpen] = useState(false);
  const [name, fixed, first] = likeThat(call) ?? [];
  const action = byName.get(name), asked = action?.arguments.filter((argument) => first[argument.name]);
  if (!asked?.length) return null;
  const label = "Respond to the next one like this";
  return html`<${Opening} ...${{ open, setOpen }} label=${`${label} with`}>
    <${Form} action=${{ ...action, arguments: asked }} ...${{ fixed, first, act }} about=${label}
      label=${html`<${Icon} name="replay" />Respond with it`} onDone=${() => setOpen(false)} /><//>`;
}

/** The clock, which runs on while the page is open. */
function Clock({ clock, control }) {
  const [, tick] = useState(0);
  const got = useMemo(() => performance.now(), [clock]);
  useEffect(() => {
    const timer = setInterval(() => tick(performance.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const speed = clock.frozen ? 0 : clock.speed;
  const now = clock.now + ((performance.now() - got) / 1000) * speed;
  const pace = !speed ? "frozen" : speed === 1 ? "runs in real time" : `runs ${amount(speed)} times as fast`;
  const by = (seconds, label) => control("clock.advance", label, { seconds });
  return html`<${Section} title="Clock"><p class="clock"><strong>${iso(Math.floor(now))}</strong>
      <span class="about">${pace}</span></p>
    <div class="controls">${by(10, "+10 s")}${by(60, "+1 min")}${by(3600, "+1 h")}${by(86400, "+1 day")}
      ${control("clock.advance", "Advance")}
      ${speed ? control("clock.freeze", "Freeze", { at: null }) : control("clock.speed", "Run", { speed: 1 })}
      ${control("clock.speed", "Speed")}</div><//>`;
}

function Snapshots({ snapshots, control, act, show }) {
  const input = useRef(null);
  const save = (query, name) =>
    askText(`export${query}`).then((text) => download(`${name}.json`, "application/json", text), show);
  const load = async ({ target }) => {
    const text = await target.files[0].text();
    target.value = "";
    try {
      JSON.parse(text);
    } catch (error) {
      return show(new Error(`The file is not JSON: ${error.message}`));
    }
    return act("import_", `{"exported": ${text}}`); // as it is: JavaScript would round large numbers
  };
  return html`<${Section} title="Snapshots" count=${snapshots.length}>
    <div class="controls">${control("snapshot", "Take")}
      <button type="button" onClick=${() => save("", "aurous")}>Export the state</button>
      <button type="button" onClick=${() => input.current.click()}>Import…</button>
      <input ref=${input} type="file" accept=".json" hidden aria-label="Import" onChange=${load} /></div>
    <ul class="facts-list" role="list">${[...snapshots].reverse().slice(0, MANY).map(({ name, at, automatic }) => html`
      <li key=${name}><span><${Text} of=${name} limit=${60} /></span>
        <span class="count">${[at && iso(Math.floor(at)), automatic && "automatic"].filter(Boolean).join(", ")}</span>
        <div class="controls">${control("restore", "Restore", { snapshot: name })}
          ${control("snapshots.rename", "Rename", { name })}${control("snapshots.remove", "Remove", { name })}
          <button type="button" onClick=${() => save(`?snapshot=${encodeURIComponent(name)}`, name)}>Export</button>
        </div></li>`)}</ul><//>`;
}

/** What prepares requests that come later. */
const LATER = [
  "characters.script", "images.script", "videos.script", "uploads.pose", "chat.reply", "embeddings.vectors",
];

const shownSetting = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/**
 * Return what draws the controls beside their subjects.
 *
 * *act* does an action and returns it, or undefined if it was refused; *show* shows an error; *standard* is the team
 * that a control means where it names no team.
 */
function controlsOf({ actions, act, show, keys, snapshots, clock, settings, standard }) {
  const byName = new Map(actions.map((action) => [action.operation, action]));
  const control = (name, label, fixed, first) =>
    html`<${Control} key=${`${name} ${label}`} action=${byName.get(name)} ...${{ fixed, first, label, act }} />`;
  const matching = (test) => actions.filter(({ operation }) => test(operation));
  const faults = matching((name) => name.startsWith("faults."))
    .sort((a, b) => (b.operation === "faults.status") - (a.operation === "faults.status"));
  const choice = (label, verb, found, more) => html`<${Choice} key=${label} ...${{ label, verb, actions: found, act }}
    ...${more} />`;
  const ofTeam = (team) => ({ team: team === standard ? undefined : team });
  const adding = (kind) => control(`${COLLECTIONS[kind]}.add`, `Add ${words(singular(COLLECTIONS[kind] ?? kind))}`);
  const isOfRecord = new RegExp(`^(${Object.values(COLLECTIONS).map(singular).join("|")})\\.`);
  const isShown = (name) => isOfRecord.test(name) || LATER.includes(name) ||
    /^(faults?|clock|webhooks|limit|key|snapshots?|send|reset|restore|import_)(\.|$)|\.add(_key)?$/.test(name);
  return {
    action: (action) => html`<${Section} title="What did it"><${Recipe} action=${action} of=${action.number} /><//>`,
    head: () => html`<${Clock} ...${{ clock, control }} />
      <${Section} title="Settings" count=${Object.keys(settings).length}>
        ${Object.keys(settings).length ? html`<ul class="facts-list" role="list">${Object.entries(settings).map(
          ([name, value]) => html`<li key=${name}>
            <code>${name}</code> <${Text} of=${shownSetting(value)} limit=${200} />
          </li>`)}</ul>` : html`<p class="about">No setting differs from its default.</p>`}
        <div class="controls">${control("reset", "Reset with", {}, { settings: JSON.stringify(settings, null, 1) })}
        </div><//>`,
    record(id, { kind, script, steps, team }) {
      const name = singular(COLLECTIONS[kind] ?? kind);
      const verbs = kind === "team" ? [] : matching((one) => one.startsWith(`${name}.`))
        .sort((a, b) => Boolean(a.destroys) - Boolean(b.destroys));
      const first = { text: script ?? steps.join(" -> ") }, fixed = { id, ...ofTeam(team) };
      return verbs.length > 0 && html`<div class="controls" role="group" aria-label=${`Change ${id}`}>
        ${verbs.map(({ operation }) => control(operation, capital(words(operation.split(".")[1])), fixed, first))}
      </div>`;
    },
    collection: (kind) => COLLECTIONS[kind] && html`<div class="controls">${adding(kind)}</div>`,
    collections: (present) => html`<${Section} title="Add a record" open=${false}><div class="controls">
      ${Object.keys(COLLECTIONS).filter((kind) => !present.includes(kind)).map(adding)}</div><//>`,
    credits: (team) => html`<div class="controls">${control("team.credits", "Set credits", ofTeam(team))}</div>`,
    fault: (id) => control("fault.remove", "Remove", { number: Number(id) }),
    faults: () => html`<div class="controls">
      ${choice("Add a fault", "Add", faults)}</div>`,
    scripts: () => html`<div class="controls">${choice("Script what comes later", "Set",
      matching((name) => LATER.includes(name)), { named: words })}</div>`,
    deliveries(all) {
      const pending = Object.values(all).filter(({ status }) => status === "pending").length;
      return html`<p class="about">${pending} pending</p>
        <div class="controls">${control("webhooks.flush", "Deliver what is due", {})}
          ${control("webhooks.deliver_to", "Deliver to")}</div>`;
    },
    keys: () => html`<${Section} title="API keys" count=${keys.length}>
      <div class="controls">${control("team.add_key", "Add key")}</div>
      <ul class="facts-list" role="list">${keys.map(({ team, number, key, scope, ended }) => html`
        <li key=${`${team} ${number}`} class=${ended ? "ended" : ""}><code><${Text} of=${key} limit=${100} /></code>
          <span class="count">${[visible(scope), ended && "ended", team !== standard && shortId(team)]
            .filter(Boolean).join(", ")}</span>
          ${!ended && html`<div class="controls">${control("key.revoke", "Revoke", { number, ...ofTeam(team) })}
            ${control("key.rotate", "Rotate", { number, ...ofTeam(team) })}</div>`}</li>`)}</ul><//>`,
    bucket(id) {
      const [team, bucket] = id.split(" ");
      const fixed = { bucket, ...ofTeam(team) };
      return html`<div class="controls">${control("limit.exhaust", "Empty", fixed)}
        ${control("limit.refill", "Refill", fixed)}${control("limit.set", "Set", fixed)}</div>`;
    },
    snapshots: () => html`<${Snapshots} ...${{ snapshots, control, act, show }} />
      <${Section} title="More" open=${false}><div class="controls">${matching((name) => !isShown(name) &&
        name !== "team.credits").map(({ operation }) => control(operation, capital(words(operation))))}</div><//>`,
    call(call) {
      const { id, operation } = call;
      const breaks = faults.filter((fault) => fault.arguments.some(({ name }) => name === "operation"));
      const given = { key: id, fixed: { operation }, first: { "faults.status": { status: "503" } } };
      return html`<div class="controls" role="group" aria-label="Act on this call">
        <${SendAgain} key=${`send ${id}`} ...${{ call, act }} />
        ${operation && choice("Break the next one like this", "Break it", breaks, given)}
        ${operation && html`<${RespondLike} key=${`respond ${id}`} ...${{ call, act, byName }} />`}</div>`;
    },
  };
}
