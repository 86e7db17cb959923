"use strict";
// What the views have in common. Text of the user reaches the page as text nodes and attributes only; Preact
// escapes both.

const { html, render, createContext, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } = htmPreact;

/** What a live page lets its reader do, as functions that draw it beside its subject; null in a trace. */
const Controls = createContext(null);

const ICONS = {
  fault: "M8 1 4 9h3l-1 6 6-9H8z",
  pitfall: "M8 1.5 15 14H1zM8 6v4M8 11.6v.8",
  replay: "M3 8a5 5 0 1 0 1.6-3.7M3 2v3h3",
  unmatched: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 1 0 0-13zM6 6a2 2 0 1 1 2.6 2L8 9M8 11v.8",
  sleep: "M3 3h5L3 9h5M9 7h4l-4 6h4",
  advance: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 1 0 0-13zM8 4v4l3 2",
  deliveries: "M1.5 3.5h13v9h-13zM1.5 4 8 9l6.5-5",
  note: "M4 8h8",
  copy: "M5.5 5.5h8v8h-8zM3 10.5V3h7.5",
  link: "M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 0 1 4.3 4.3L11.3 8.8M9 11.5 7.5 13a3 3 0 0 1-4.3-4.3L4.7 7.2",
  save: "M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11",
  theme: "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
  state: "M2 4.5 8 2l6 2.5L8 7zM2 8l6 2.5L14 8M2 11.5 8 14l6-2.5",
  undo: "M3 6h7a3.5 3.5 0 0 1 0 7H6M6 3 3 6l3 3",
  code: "M5.5 4 1.5 8l4 4M10.5 4l4 4-4 4",
  send: "M2 8h11M9 4l4 4-4 4",
  help: "M6 6a2 2 0 1 1 2.6 2L8 9M8 11.4v.8",
};
ICONS.freeze = ICONS.advance;
ICONS.faults = ICONS.fault;
ICONS.action = ICONS.send;
const Icon = ({ name }) =>
  html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${ICONS[name] ?? ICONS.note} /></svg>`;

/** Text of the user: its direction stays its own, and what cannot be seen is escaped. */
const Text = ({ of, limit = 300 }) => html`<bdi>${shortened(visible(of), limit)}</bdi>`;
const Status = ({ status = null }) =>
  html`<span class=${`status ${toneOf(status === "no response" ? null : status)}`}>${status ?? "no response"}</span>`;
const Marks = ({ marks }) =>
  marks.map((mark) => html`<span class=${`mark ${mark}`} key=${mark}><${Icon} name=${mark} />${mark}</span>`);
const Prose = ({ text }) => visible(text).split("`").map((part, at) => (at % 2 ? html`<code>${part}</code>` : part));

/** Tells a screen reader what has happened. */
const announce = (text) => { document.getElementById("said").textContent = text; };

/** Copies a text, and returns whether the browser has done so: at once where it can, also in a frame. */
async function copy(text) {
  const put = (event) => {
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  };
  document.addEventListener("copy", put);
  const done = document.execCommand("copy");
  document.removeEventListener("copy", put);
  return done || Boolean(await navigator.clipboard?.writeText(text).then(() => true, () => false));
}

/** A button that copies a text *of* something; where the browser does not copy, it shows the text. */
function Copy({ text, of, what, label, icon = "copy", title }) {
  const [last, setLast] = useState({});
  const click = async () => {
    const made = text();
    const written = made instanceof Promise ? await made : made; // some browsers copy only within the click
    const done = await copy(written);
    setLast({ of, done, written });
    announce(done ? `Copied ${what}` : `Could not copy ${what}`);
    if (done) setTimeout(() => setLast({}), 1500);
  };
  const copied = last.of === of && last.done, refused = last.of === of && last.done === false;
  return html`<button type="button" class="copy" title=${title} onClick=${click}>
    <${Icon} name=${icon} />${copied ? "Copied" : label}</button>
    ${refused && html`<label class="by-hand">This browser does not let the page copy the ${what}. Copy it from here:
      <textarea readonly rows="8" onFocus=${(event) => event.currentTarget.select()}>${last.written}</textarea>
    </label>`}`;
}

function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
  announce(`Saved ${name}`);
}

/** Calls *handle* for each key that is not typed into a field. */
function useKeys(handle) {
  useLayoutEffect(() => {
    const onKey = (event) => {
      const types = event.target.closest?.("input:not([type=range]), select, textarea, dialog");
      if (!types && !event.ctrlKey && !event.metaKey && !event.altKey) handle(event);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });
}

/** The field that filters a list; a slash goes there, after *show* has made it visible. */
function Filter({ label, value, onChange, show }) {
  const box = useRef(null);
  useKeys((event) => {
    if (event.key !== "/") return;
    event.preventDefault();
    show?.();
    box.current.focus(); // in vain where its pane is not drawn yet
    if (document.activeElement !== box.current) requestAnimationFrame(() => box.current?.focus());
  });
  const clear = (event) => {
    if (event.key !== "Escape") return;
    onChange("");
    box.current.blur();
  };
  return html`<input ref=${box} id="filter" type="search" placeholder="Filter  /" aria-label=${label} value=${value}
    onInput=${(event) => onChange(event.target.value)} onKeyDown=${clear} />`;
}

const Section = ({ title, children, open = true, count }) => html`<details class="section" open=${open}>
  <summary><h3>${title}</h3>${count !== undefined && html` <span class="count">${count}</span>`}</summary>
  <div class="inner">${children}</div></details>`;

const Notice = ({ kind, title, children }) =>
  html`<div class=${`notice ${kind}`}><${Icon} name=${kind} /><div><strong>${title}</strong> ${children}</div></div>`;

// ----------------------------------------------------------------------------------------------- JSON
const MANY = 100;

/** JSON as a tree that folds. What is folded is not drawn; a long list shows its beginning. */
function Json({ value, name, path = "", changed, depth = 0 }) {
  const within = changed && [...changed].some((one) => one.startsWith(path) && one !== path);
  const [open, setOpen] = useState(depth < 2 || within);
  const [count, setCount] = useState(MANY);
  const mark = changed?.has(path) ? " changed" : "";
  const label = name === undefined ? null : html`<span class="key">${shortened(visible(name), 80)}</span>: `;
  if (!isObject(value)) {
    const type = value === null ? "null" : typeof value;
    const text = shortened(visible(JSON.stringify(value)));
    return html`<div class=${`leaf${mark}`}>${label}<span class=${`value ${type}`}><bdi>${text}</bdi></span></div>`;
  }
  const list = Array.isArray(value);
  const entries = Object.entries(value);
  const [left, right] = list ? "[]" : "{}";
  if (!entries.length) return html`<div class=${`leaf${mark}`}>${label}${left}${right}</div>`;
  const about = html` <span class="count">${plural(entries.length, list ? "item" : "field")}</span> ${right}`;
  const below = (key) => (list ? `${path}[${key}]` : path ? `${path}.${key}` : key);
  return html`<details class=${`branch${mark}`} open=${open} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>${label}${left}${!open && about}</summary>
    ${open && html`<div class="branches">
      ${entries.slice(0, count).map(([key, item]) => html`<${Json} key=${key} name=${list ? undefined : key}
        value=${item} changed=${changed} path=${below(key)} depth=${depth + 1} />`)}
      ${entries.length > count && html`<button type="button" class="more" onClick=${() => setCount(count + 1000)}>
        ${plural(entries.length - count, "more item")}</button>`}
    </div><div class="brackets">${right}</div>`}</details>`;
}

const short = (value) =>
  Array.isArray(value) ? `[${plural(value.length, "item")}]`
  : isObject(value) ? `{${plural(Object.keys(value).length, "field")}}`
  : shortened(visible(JSON.stringify(value)), 80);

const Differences = ({ found }) => html`<ul class="diff">
  ${found.slice(0, 30).map(({ path, before, after }) => html`<li key=${path}>
    <code>${shortened(visible(path || "all"), 80)}</code>${" "}
    ${before !== undefined && html`<del><bdi>${short(before)}</bdi></del>`}
    ${before !== undefined && after !== undefined && " → "}
    ${after === undefined ? " removed" : html`<ins>${before === undefined && "+ "}<bdi>${short(after)}</bdi></ins>`}
  </li>`)}
  ${found.length > 30 && html`<li>and ${found.length - 30} more</li>`}</ul>`;
