"use strict";
// The views. Text of the user reaches the page as text nodes and attributes only; Preact escapes both.

const { html, render, useState, useLayoutEffect, useMemo, useRef } = htmPreact;

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
  help: "M6 6a2 2 0 1 1 2.6 2L8 9M8 11.4v.8",
};
ICONS.freeze = ICONS.advance;
ICONS.faults = ICONS.fault;
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
    const written = text();
    const done = await copy(written);
    setLast({ of, done, written });
    announce(done ? `Copied ${what}` : `Could not copy ${what}`);
    if (done) setTimeout(() => setLast({}), 1500);
  };
  const copied = last.of === of && last.done, refused = last.of === of && last.done === false;
  return html`<button type="button" class="copy" title=${title} onClick=${click}>
    <${Icon} name=${icon} />${copied ? "Copied" : label}</button>
    ${refused && html`<label class="by-hand">This browser does not let the page copy the ${what}. Copy it from here:
      <textarea readonly rows="8" onFocus=${(event) => event.currentTarget.select()}>${last.written}</textarea></label>`}`;
}

function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
  announce(`Saved ${name}`);
}

const Filter = ({ label, value, onChange }) => html`<input id="filter" type="search" placeholder="Filter  /"
  aria-label=${label} value=${value} onInput=${(event) => onChange(event.target.value)} />`;

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

// ---------------------------------------------------------------------------------------------- calls
const ROW = 54, LINE = 21, FOLD = 28;

/** Where each row of the list is; a row begins with the wait before it, drawn to scale. */
function placed(steps, open, model) {
  let top = 0;
  return steps.map((step) => {
    const { run } = step;
    const fold = run && (open.has(run.first) ? step.index === run.first : step.index === run.last);
    const folded = fold && !open.has(run.first);
    const gap = gapHeight(folded ? model.steps[run.first].gap : step.gap);
    const lines = step.kind === "call" ? 0 : Math.min(5, step.lines?.length ?? 1);
    const end = folded ? Math.max(FOLD, gapHeight(run.seconds)) : fold ? FOLD : 0;
    const above = step.kind === "call" ? (gap ? Math.max(gap, 20) : 0) : Math.max(lines * LINE + 12, gap) - ROW;
    const row = { step, top, gap, above, end, fold, folded, height: above + ROW + end };
    top += row.height;
    return row;
  });
}

function Row({ row, model, selected, size, at, onSelect, onFold }) {
  const { step, top, height, gap, above, end, fold, folded } = row;
  const { run } = step;
  const current = selected === step.index ? "step" : undefined;
  const select = (event) => { event.preventDefault(); onSelect(step.index, true); };
  const link = (content) =>
    html`<a href=${`#${step.id}`} aria-current=${current} onClick=${select}><span class="rail"></span>${content}</a>`;
  const item = (kind, content) => html`<li class=${kind} style=${{ top: `${top}px`, height: `${height}px` }}
    aria-setsize=${size} aria-posinset=${at}>${content}</li>`;
  if (step.kind !== "call") {
    const lines = step.kind === "start" ? [{ kind: "note", text: "Start of the test" }] : step.lines;
    return item(`between${gap ? " waited" : ""}`, link(html`<span class="lines">
      ${lines.length > 5 && html`<span class="line">${lines.length - 4} more before</span>`}
      ${lines.slice(lines.length > 5 ? -4 : 0).map((line) => html`<span class="line"><${Icon} name=${line.kind} />
        <span class="cut"><${Text} of=${shortPath(line.text)} limit=${120} /></span></span>`)}</span>`));
  }
  const number = folded ? `${model.steps[run.first].number}–${step.number}` : step.number;
  const path = step.operation
    ? html`${step.method} <${Text} of=${shortPath(step.path)} limit=${80} />` : "no endpoint matches";
  return item(`call-row ${toneOf(step.status)}`, html`
    ${gap > 0 && html`<span class="wait" style=${{ height: `${above}px` }}><span class="rail"></span>
      ${duration(folded ? model.steps[run.first].gap : step.gap)}</span>`}
    ${link(html`
      <span class="top"><span class="number">${number}</span>
        <span class="name cut"><${Text} of=${step.operation ?? `${step.method} ${step.path}`} limit=${80} /></span>
        <${Status} status=${step.status} /></span>
      <span class="bottom"><span class="path cut">${path}</span><${Marks} marks=${step.marks} />
        <span class="at">+${since(step.arrived ?? step.at, model)}</span></span>`)}
    ${fold && html`<span class="fold" style=${{ height: `${end}px` }}><span class="rail"></span>
      <button type="button" aria-expanded=${folded ? "false" : "true"} onClick=${() => onFold(run)}>
        ${plural(run.count, "identical poll")} in ${duration(run.seconds)}</button></span>`}`);
}

function Calls({ model, steps, selected, onSelect, open, onFold, filter, setFilter }) {
  const rows = useMemo(() => placed(steps, open, model), [steps]);
  const box = useRef(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const row = rows.find((one) => one.step.index === selected);
    const list = box.current;
    if (!row || !list.clientHeight) return;
    const end = list.scrollTop + list.clientHeight;
    if (row.top < list.scrollTop || row.top + row.height > end) list.scrollTop = row.top - list.clientHeight / 3;
    if (document.activeElement?.matches(".calls li a")) {
      requestAnimationFrame(() => list.querySelector("[aria-current]")?.focus());
    }
  }, [selected, rows]);
  const total = rows.length ? rows[rows.length - 1].top + rows[rows.length - 1].height : 0;
  const every = rows.length <= 300;
  const near = (row) => row.top + row.height > top - 600 && row.top < top + innerHeight + 600;
  const seen = every ? rows : rows.filter((row) => row.step.index === selected || near(row));
  const count = filter ? steps.filter((step) => step.kind === "call").length : model.calls.length;
  const key = ({ step, folded }) => (folded ? step.run.first : step.index);
  return html`<section class="pane calls" aria-labelledby="calls-title">
    <div class="pane-head">
      <h2 id="calls-title">Calls${" "}
        <span class="count">${count === model.calls.length ? count : `${count} of ${model.calls.length}`}
          ${model.deliveries > 0 && `, ${plural(model.deliveries, "delivery", "deliveries")}`}</span></h2>
      <${Filter} label="Filter calls, for example 404, images or fault" value=${filter} onChange=${setFilter} /></div>
    <div class="scroll" ref=${box} onScroll=${() => setTop(box.current.scrollTop)}>
      <ol role="list" style=${{ height: `${total}px` }}>
        ${seen.map((row) => html`<${Row} key=${key(row)} size=${rows.length} at=${rows.indexOf(row) + 1}
          ...${{ row, model, selected, onSelect, onFold }} />`)}</ol>
      ${!rows.length && html`<p class="empty">No call matches.
        A filter looks at number, operation, method, path, status, error code and marks.</p>`}</div>
    <p class="foot">Waits are drawn on a logarithmic scale.</p></section>`;
}

// ---------------------------------------------------------------------------------------- the timeline
/** The whole test on one line: waits are compressed as in the list. A slider lies over it. */
function Timeline({ model, selected, onSelect }) {
  const points = useMemo(() => {
    let x = 0;
    const all = model.steps.map((step) => { x += 4 + gapHeight(step.gap) / 2; return { step, x }; });
    const total = x + 4;
    return all.map((point) => ({ ...point, x: (point.x / total) * 1000 }));
  }, [model]);
  const tick = ({ step, x }) => {
    const [from, to] = step.marks?.length ? [3, 27] : [8, 22];
    const kind = `tick ${toneOfStep(step)} ${step.marks?.length ? "marked" : ""}`;
    return html`<line key=${step.index} class=${kind} x1=${x} x2=${x} y1=${from} y2=${to} />`;
  };
  const ticks = useMemo(() => points.filter(({ step }) => step.kind === "call" || step.deliveries.length).map(tick), [points]);
  const step = model.steps[selected];
  const text = `${nameOf(step, model)}, ${since(step.at, model)} after the start`;
  const distance = (point, x) => Math.abs(point.x - x);
  const nearest = (x) => points.reduce((best, one) => (distance(one, x) < distance(best, x) ? one : best)).step.index;
  return html`<section class="timeline" aria-label="Timeline">
    <svg class=${points.length > 300 ? "crowded" : ""} viewBox="0 0 1000 30" preserveAspectRatio="none"
      aria-hidden="true"><line class="base" x1="0" x2="1000" y1="15" y2="15" />${ticks}</svg>
    <input type="range" min="0" max="1000" step="any" value=${points[selected].x} aria-label="Time"
      aria-valuetext=${text} onInput=${(event) => onSelect(nearest(Number(event.target.value)))} />
    <output>${nameOf(step, model)}, +${since(step.at, model)}</output></section>`;
}

// -------------------------------------------------------------------------------------- the selected call
const Section = ({ title, children, open = true, count }) => html`<details class="section" open=${open}>
  <summary><h3>${title}</h3>${count !== undefined && html` <span class="count">${count}</span>`}</summary>
  <div class="inner">${children}</div></details>`;

const Notice = ({ kind, title, children }) =>
  html`<div class=${`notice ${kind}`}><${Icon} name=${kind} /><div><strong>${title}</strong> ${children}</div></div>`;

function Body({ body, changed }) {
  if (!body) return html`<p class="about">No body</p>`;
  const size = plural(body.size, "byte");
  if (body.picture) return html`<img class="picture" src=${body.picture} alt=${`Picture of ${size}`} />`;
  const value = parsed(body);
  const digest = body.digest && html`; sha256 <code>${body.digest.slice(0, 16)}…</code>`;
  const about = html`<p class="about">${body.type || "no content type"}, ${size}${digest}</p>`;
  if (value !== undefined) return html`${about}<div class="json"><${Json} value=${value} changed=${changed} /></div>`;
  const text = body.text ?? (body.begins && `${body.begins}…`);
  return html`${about}${text && html`<pre tabindex="0"><bdi>${shortened(visible(text), 8000)}</bdi></pre>`}`;
}

const Headers = ({ headers }) => html`<details class="headers"><summary>${plural(headers.length, "header")}</summary>
  <dl>${headers.map(([name, one]) => html`<div><dt>${visible(name)}</dt><dd><${Text} of=${one} /></dd></div>`)}</dl>
</details>`;

function Message({ id, title, message, before, number, other }) {
  const value = parsed(message?.body), old = other ? undefined : parsed(before?.body);
  const both = value !== undefined && old !== undefined;
  const found = useMemo(() => (both ? differences(old, value) : null), [message, before]);
  const changed = useMemo(() => new Set((found ?? []).map((one) => one.path)), [found]);
  if (!message) return html`<${Section} title=${title}><p class="empty">No response arrived.</p><//>`;
  return html`<${Section} title=${title}>
    ${other && html`<p class="about">Call ${number} got <${Status} status=${other} />, so nothing is compared.</p>`}
    ${found && (found.length
      ? html`<div class="since"><h4>Differs from call ${number}</h4><${Differences} found=${found} /></div>`
      : html`<p class="about">The same as in call ${number}.</p>`)}
    <${Body} key=${id} body=${message.body} changed=${changed} />
    <${Headers} headers=${message.headers} /><//>`;
}

function Stream({ call: { arrived, stream: { count, ended, events } } }) {
  const more = count - events.length;
  return html`<${Section} title="Events" count=${count}>
    <p class="about">${capital(ended ?? "not read to its end")}</p>
    <ol class="stream" role="list">${events.map(({ at, text }) => html`<li>
      <time>+${duration(at - arrived)}</time> <code><${Text} of=${text} limit=${240} /></code></li>`)}</ol>
    ${more > 0 && html`<p class="about">${plural(more, "more event")}</p>`}<//>`;
}

const PROVENANCE = { D: "documented", C: "contradictory", A: "assumed", O: "observed" };
const Rule = ({ rule }) => html`<li class="rule">
  <span class=${`provenance ${PROVENANCE[rule.provenance]}`}>${rule.provenance} ${PROVENANCE[rule.provenance]}</span>
  <a href=${`${rule.url}#rule-${rule.name}`}>${rule.name}</a>
  <p><${Prose} text=${rule.statement} /></p>
  ${["observed", "assumed", "contradicted"].map((one) => rule[one] && html`<p class="more-of-rule" key=${one}>
    <em>${capital(one)}:</em> <${Prose} text=${rule[one]} /></p>`)}</li>`;

const where = ({ file, line, function: name }) =>
  html`<code>${visible(file)}:${line}</code> in <code>${visible(name)}</code>`;

function Place({ call: { place, through, stack } }) {
  if (!place) return null;
  const at = stack.findIndex((frame) => frame.file === place.file && frame.line === place.line);
  const outer = stack.slice(at + 1);
  return html`<${Section} title="Sent by">
    <p class="about">${where(place)}${through && html`, through <code>${visible(through.file)}:${through.line}</code>`}</p>
    ${place.source?.length > 0 && html`<ol class="source" role="list" tabindex="0" aria-label="Source">
      ${place.source.map(([number, line]) => html`<li class=${number === place.line ? "here" : ""}
        aria-current=${number === place.line ? "true" : undefined}><span class="line-number">${number}</span>
        <code>${shortened(visible(line), 300) || " "}</code></li>`)}</ol>`}
    ${outer.length > 0 && html`<details class="headers"><summary>Called from ${plural(outer.length, "place")}</summary>
      <ol class="stack">${outer.map((frame) => html`<li>${where(frame)}</li>`)}</ol></details>`}<//>`;
}

function CallView({ model, call, onSelect }) {
  const { refusal, endpoint } = rulesOf(model.data, call);
  const before = call.previous;
  const lost = call.status === null && call.committed;
  const other = before && toneOf(before.status) !== toneOf(call.status) ? before.status ?? "no response" : undefined;
  const parts = shortened(visible(call.path), 300).split("/");
  const back = (event) => { event.preventDefault(); onSelect(before.index); };
  const rules = (rows) => html`<ul class="rules">${rows.map((rule) => html`<${Rule} rule=${rule} />`)}</ul>`;
  return html`<article aria-labelledby="call-title">
    <header class="call-head">
      <h2 id="call-title"><span class="method">${call.method}</span>${" "}
        <bdi>${parts.map((part, at) => (at ? ["/", part, html`<wbr />`] : part))}</bdi>
        ${call.query && html`<span class="query">?<${Text} of=${call.query} limit=${200} /></span>`}</h2>
      <p class="facts"><span><${Status} status=${call.status} />
        ${call.error_code && html` <code class="code">${visible(call.error_code)}</code>`}</span>
        <span>call ${call.number}</span><span>${call.operation ?? "no endpoint matches"}</span>
        <span>${iso(call.arrived)}</span>
        ${call.delay > 0 && html`<span>took ${duration(call.delay)}</span>`}
        <span>${call.timeout === null ? "no timeout" : `timeout ${duration(call.timeout)}`}</span></p>
      <div class="actions" role="group" aria-label="Copy this call">
        <${Copy} label="As a test" what="call as a test" of=${call.index} text=${() => asTest(model, call)}
          title="A complete pytest file that sets up the state before this call, and makes it" />
        <${Copy} label="curl" what="call as curl" of=${call.index} text=${() => asCurl(call)} title="Copy as curl" />
        <${Copy} label="httpx" what="call as httpx" of=${call.index} text=${() => asHttpx(call)}
          title="Copy as Python with httpx" />
        <${Copy} label="Link" icon="link" what="link to this call" title="Copy a link to this call"
          of=${call.index} text=${() => location.href.replace(/#.*|$/, `#${call.id}`)} /></div></header>
    ${call.pitfalls.map((one) => html`<${Notice} kind="pitfall" title=${`Pitfall ${one.id}:`}>
      <${Prose} text=${one.message} /> <a href=${one.url}>Read about ${one.id}</a><//>`)}
    ${call.fault && html`<${Notice} kind="fault" title="Fault:">
      <${Text} of=${call.fault} />${lost && ". The request took effect; its response was lost"}.<//>`}
    ${call.operation === null && html`<${Notice} kind="unmatched" title="No endpoint matches.">${" "}
      The API does not know this request.<//>`}
    ${call.replayed && html`<${Notice} kind="replay" title="Replayed:">
      the stored response of an earlier request with this Idempotency-Key.<//>`}
    ${call.hint && html`<${Notice} kind="help" title="Hint:"><${Prose} text=${call.hint} /><//>`}
    ${call.notes.length > 0 && html`<${Section} title="What it did"><ul class="notes">
      ${call.notes.map((note) => html`<li><${Text} of=${note} /></li>`)}</ul><//>`}
    <${Place} call=${call} />
    <${Message} id=${call.index} title="Request" message=${call.request}
      before=${before?.request} number=${before?.number} />
    <${Message} id=${call.index} title="Response" message=${call.response}
      before=${before?.response} number=${before?.number} other=${other} />
    ${call.stream && html`<${Stream} call=${call} />`}
    ${before && html`<p class="about"><a href=${`#${before.id}`} onClick=${back}>Call ${before.number}</a> was the
      ${" "}previous ${call.operation ? "call of this operation" : "request to this path"}.</p>`}
    ${refusal.length > 0 && html`<${Section} title=${`Rules about ${call.error_code}`} count=${refusal.length}>
      ${rules(refusal)}<//>`}
    ${endpoint.length > 0 && html`<${Section} title="Rules of this endpoint" open=${false} count=${endpoint.length}>
      ${rules(endpoint)}<//>`}</article>`;
}

function BetweenView({ model, step }) {
  const { test } = model.data;
  const head = (title, facts) =>
    html`<header class="call-head plain"><h2>${title}</h2><p class="facts">${facts}</p></header>`;
  if (step.kind !== "start") {
    const passed = step.gap > 0 && html`<span>${duration(step.gap)} passed</span>`;
    const title = model.calls.length ? "Between calls" : "Without calls";
    const lines = step.lines.filter((line) => line.kind !== "deliveries" || !step.deliveries.length);
    return html`<article>${head(title, html`<span>${iso(step.at)}</span>${passed}`)}
      ${step.deliveries.length > 0 && html`<${Deliveries} entries=${step.deliveries} />`}
      <ul class="notes">
        ${lines.map((line) => html`<li><${Icon} name=${line.kind} /> <${Text} of=${line.text} /></li>`)}</ul></article>`;
  }
  return html`<article>
    ${head("Start of the test", html`<span>${iso(model.began)}</span><span>seed ${test.seed}</span>`)}
    <p>This is the state of the fake before anything happened. Select a call, or press the right arrow key.</p>
    ${test.message && html`<${Section} title="How it ended"><pre tabindex="0">${visible(test.message)}</pre><//>`}
    ${test.again && html`<${Section} title="Run it again"><pre tabindex="0">${visible(test.again)}</pre>
      <${Copy} label="Command" what="command" of="again" text=${() => test.again} /><//>`}</article>`;
}

// ------------------------------------------------------------------------------------------ the world
const STATE = 24, ARC = 11;

/** A state machine as a column of states: ways forward are arcs on the right, ways back are arcs on the left. */
function Machine({ machine, kind, current, statuses, before }) {
  const names = Object.keys(machine.edges);
  const wide = Math.max(...names.map((name) => name.length)) * 6.6 + 18;
  const taken = new Set(statuses.slice(1).map((name, at) => `${statuses[at]} ${name}`));
  const edges = names.flatMap((from) => machine.edges[from].filter((to) => to !== from).map((to) => {
    const steps = names.indexOf(to) - names.indexOf(from);
    const way = `${from} ${to}`;
    const tone = way === `${before} ${current}` ? "changed"
      : taken.has(way) ? "taken" : from === current ? "possible" : "";
    const side = Math.sign(steps), x = steps > 0 ? wide : 0, bend = x + side * (10 + ARC * Math.abs(steps));
    const y = names.indexOf(from) * STATE + 10 + side * 3, end = names.indexOf(to) * STATE + 10 - side * 3;
    const line = `M${x} ${y}C${bend} ${y} ${bend} ${end} ${x + side * 5} ${end}`;
    return { way, steps, tone, line, head: `M${x + side} ${end}l${side * 7} -3.5v7z` };
  }));
  const order = ["", "possible", "taken", "changed"];
  edges.sort((a, b) => order.indexOf(a.tone) - order.indexOf(b.tone));
  const reach = (side) => Math.max(0, ...edges.map((edge) => edge.steps * side)) * ARC * 0.75 + 12;
  const next = machine.edges[current] ?? [];
  const future = next.length ? `may become ${next.join(", ")}` : "final";
  const label = `States of ${kind}: now ${current}; so far ${statuses.join(", ")}; ${future}`;
  const [left, width, height] = [reach(-1), reach(-1) + wide + reach(1), names.length * STATE];
  const tone = (name) => (name === current ? "current" : statuses.includes(name) ? "visited" : "");
  return html`<svg class="machine" viewBox=${`${-left} -1 ${width} ${height}`} ...${{ width, height }} role="img"
    aria-label=${label}>
    ${edges.map(({ way, tone, line, head }) => html`<g class=${`edge ${tone}`} key=${way}>
      <path d=${line} /><path class="head" d=${head} /></g>`)}
    ${names.map((name, at) => html`<g class=${`node ${tone(name)}`} key=${name}>
      <rect x="0" y=${at * STATE} width=${wide} height="20" rx="10" />
      <text x=${wide / 2} y=${at * STATE + 14}>${name}</text></g>`)}</svg>`;
}

function Pictures({ model, json }) {
  const refs = (json.refs ?? []).map((ref) => [ref.pose, ref.url]);
  const outputs = (json.output_urls ?? []).map((url, at) => [`output ${at}`, url]);
  const all = [...refs, ...outputs, ["video", json.output_video_url]].filter(([, url]) => typeof url === "string");
  const missing = "Not in the trace, which limits the number of pictures";
  return all.length > 0 && html`<ul class="pictures" role="list" aria-label="Pictures">
    ${all.slice(0, 12).map(([name, url]) => html`<li>${model.pictures[pathOf(url)]
      ? html`<img src=${model.pictures[pathOf(url)]} alt=${name} />`
      : html`<span class="no-picture" title=${missing}>${name}</span>`}</li>`)}</ul>`;
}

function Script({ record }) {
  if (!record.steps.length && !record.script) return null;
  if (!record.steps.length) return html`<p class="script">script <code>${visible(record.script)}</code></p>`;
  return html`<p class="script">script ${record.steps.map((one, at) => html`<span
    class=${`script-step${at === record.step ? " now" : ""}`} aria-current=${at === record.step ? "step" : undefined}
    >${visible(one)}</span>`)}
    ${record.polls !== null && html`<span class="count">${plural(record.polls, "poll")} in this step</span>`}</p>`;
}

function Record({ model, id, record, change, index }) {
  const [open, setOpen] = useState(null);
  const machine = model.machines[record.kind];
  const shown = open ?? Boolean(change);
  const name = record.json.name ?? record.json.prompt ?? record.json.url ?? record.json.filename ?? "";
  const [old] = change ?? [];
  const found = change ? differences(old?.json, record.json).filter((one) => one.path) : [];
  const moved = old && old.status !== record.status;
  const state = `${moved ? `${old.status} → ` : ""}${record.status ?? ""}`;
  const badge = change && (!old ? "new" : found.length || moved ? "changed" : "polled");
  const kind = `record${change && badge !== "polled" ? " changed" : ""}${record.gone ? " gone" : ""}`;
  const toggle = (event) => event.currentTarget.open !== shown && setOpen(event.currentTarget.open);
  return html`<details class=${kind} open=${shown} onToggle=${toggle}>
    <summary><span class="id" title=${id}>${shortId(id)}</span>
      <span class="cut name"><${Text} of=${name} limit=${60} /></span>
      ${badge && html`<span class="badge">${badge}</span>`}
      ${state && html`<span class="state">${state}</span>`}</summary>
    ${shown && html`<div class="inner">
      ${machine && record.status && html`<${Machine} machine=${machine} kind=${record.kind} current=${record.status}
        statuses=${statusesOf(model, id, index)} before=${old?.status} />`}
      <${Script} record=${record} />
      <${Pictures} model=${model} json=${record.json} />
      ${old && found.length > 0 && html`<${Differences} found=${found} />`}
      <div class="json"><${Json} value=${record.json} depth=${1}
        changed=${new Set(old ? found.map((one) => one.path) : [])} /></div>
    </div>`}</details>`;
}

/** One quantity over the steps as a line of stairs, on a scale of its own. */
function Spark({ values, at, label }) {
  const most = Math.max(...values), least = Math.min(...values, label === "available" ? most : 0);
  const x = (index) => (values.length > 1 ? (index / (values.length - 1)) * 196 + 2 : 100);
  const y = (value) => (most === least ? 24 : 26 - ((value - least) / (most - least)) * 22);
  const stairs = (value, index) =>
    !index ? `M${x(0)} ${y(value)}`
    : value !== values[index - 1] ? `H${x(index).toFixed(1)}V${y(value).toFixed(1)}` : "";
  const path = values.map(stairs).join("") + `H${x(values.length - 1)}`;
  const about = `${label} over the calls, from ${amount(values[0])} to ${amount(values[values.length - 1])}`;
  return html`<div class=${`spark ${label}`}><dt>${label}</dt><dd><strong>${amount(values[at])}</strong>
    <svg viewBox="0 0 200 30" preserveAspectRatio="none" role="img" aria-label=${about}>
      <path d=${path} /><line class="now" x1=${x(at)} x2=${x(at)} y1="0" y2="30" /></svg></dd></div>`;
}

function Money({ model, index, world, change }) {
  const several = Object.keys(world.money).length > 1;
  const teams = Object.entries(model.money).filter(([team]) => world.money[team]);
  return teams.map(([team, values]) => html`<div class=${`money${change?.[team] ? " changed" : ""}`} key=${team}>
    ${several && html`<p class="about">${visible(world.records[team]?.json.name ?? shortId(team))}</p>`}
    <dl>${["available", "held", "spent"].map((label) => html`<${Spark} key=${label} label=${label}
      at=${Math.min(index, values.length - 1)} values=${values.map((one) => one[label])} />`)}</dl></div>`);
}

/** What has no record: a section with a row of cells for each entry; the latest first. */
function Facts({ title, entries, change, count, open, cells }) {
  return entries.length > 0 && html`<${Section} title=${title} count=${count && entries.length} open=${open}>
    <ul class="facts-list" role="list">${entries.slice(0, MANY).map(([id, one]) => html`<li key=${id}
      class=${change?.[id] ? "changed" : ""}>${cells(one, id)}</li>`)}</ul><//>`;
}

const Deliveries = ({ entries, change }) => html`<${Section} title="Deliveries" count=${entries.length}>
  ${entries.slice(0, 50).map(([number, one]) => html`<${Delivery} key=${number} ...${{ number, one }}
    changed=${change?.[number]} />`)}
  ${entries.length > 50 && html`<p class="about">and ${entries.length - 50} more</p>`}<//>`;

const Delivery = ({ number, one, changed }) => html`<details class=${`record${changed ? " changed" : ""}`}>
  <summary><span class="id">${number}</span><span>${one.event}</span>
    <span class="cut name"><${Text} of=${one.url} limit=${60} /></span>
    ${one.fault && html`<span class="mark fault"><${Icon} name="fault" />${visible(one.fault)}</span>`}
    <span class="state">${one.status} ${one.response_status ?? one.error}</span></summary>
  <div class="inner"><p class="about">delivery ${number} to <${Text} of=${one.url} /></p>
    <p class="about">${iso(one.at)}, attempt ${one.attempt}: ${visible(outcomeOf({ ...one, attempt: 1 }))}</p>
    <div class="json"><${Json} value=${one.payload} depth=${1} /></div></div></details>`;

const STANDING = "There from the start";

/** The state after a step, with what this step has changed. */
function World({ model, index, title, name = "world" }) {
  const world = useMemo(() => worldAt(model, index), [model, index]);
  const change = useMemo(() => changesOf(model.steps[index], worldAt(model, index - 1)), [model, index]);
  const known = model.data.start.records;
  const groups = {};
  for (const [id, record] of Object.entries(world.records)) {
    const standing = known[id] && record.kind !== "character" && !differences(known[id].json, record.json).length;
    (groups[standing ? STANDING : `${capital(record.kind)}s`] ??= []).push([id, record]);
  }
  const order = Object.keys(groups).sort((a, b) => (a === STANDING) - (b === STANDING));
  const section = (part) => ({ entries: Object.entries(world[part]).reverse(), change: change[part] });
  const deliveries = section("deliveries");
  const team = (id) => Object.keys(world.money).length > 1 && html`<span class="about">${shortId(id)}</span>`;
  const until = (one) => `${one.in_flight_until ? "in flight " : ""}until ${iso(one.in_flight_until ?? one.until)}`;
  return html`<section class="pane world" aria-labelledby=${`${name}-title`}>
    <div class="pane-head"><h2 id=${`${name}-title`}>${title}</h2></div>
    <div class="scroll" tabindex="0" role="region" aria-label=${`${title}: details`}>
      <${Section} title="Credits"><${Money} ...${{ model, index, world, change: change.money }} /><//>
      ${order.map((kind) => html`<${Section} key=${kind} title=${kind} count=${groups[kind].length}
        open=${kind !== STANDING}>
        ${groups[kind].slice(-100).map(([id, record]) => html`<${Record} key=${id} change=${change.records?.[id]}
          ...${{ model, id, record, index }} />`)}
        ${groups[kind].length > 100 && html`<p class="about">and ${groups[kind].length - 100} older ones</p>`}<//>`)}
      <${Facts} title="Faults" ...${section("faults")} cells=${(one) => html`<code>${visible(one.kind)}</code>
        <span>on ${visible(one.operation)}</span>
        <span class="count">${one.fired} of ${one.times ?? "any number"} met</span>`} />
      <${Facts} title="Scripts" ...${section("scripts")}
        cells=${(one, id) => html`<span>${visible(id)}:</span><code>${visible(one)}</code>`} />
      ${deliveries.entries.length > 0 && html`<${Deliveries} ...${deliveries} />`}
      <${Facts} title="Idempotency keys" count ...${section("keys")} cells=${(one, id) => html`
        <code><${Text} of=${id.slice(id.indexOf(" ") + 1)} limit=${60} /></code><span>${visible(one.request)}</span>
        <span class="count">${until(one)}</span>`} />
      <${Facts} title="Rate buckets" count open=${false} ...${section("buckets")} cells=${(one, id) => html`
        <span>${id.split(" ")[1]}</span>${team(id.split(" ")[0])}
        <meter min="0" max=${one.capacity} value=${one.remaining}
          aria-label=${`${id.split(" ")[1]}: ${one.remaining} of ${one.capacity} left`}></meter>
        <span class="count">${one.remaining} of ${one.capacity}
          ${one.overruns ? `, ${plural(one.overruns, "overrun")}` : ""}</span>`} /></div></section>`;
}

// ------------------------------------------------------------------------------------------ exploration
const OUTCOMES = {
  returned: ["✓", "returned"], raised: ["r", "raised"], crashed: ["c", "crashed"], stopped: ["s", "stopped"],
  unmet: ["–", "unmet"], other: ["o", "other"],
};
const legend = (laws) => [
  ...Object.entries(laws).map(([law, letter]) => `${letter} breaks ${law}`), "k known",
  ...Object.values(OUTCOMES).slice(0, 5).map(([sign, name]) => `${sign} ${name}`),
].join("; ");

/** One case as a button: the law that it breaks, or its outcome. */
function Cell({ id, exploration, selected, onSelect }) {
  const one = exploration.cases[id];
  if (!one) return null;
  const [sign, name] = OUTCOMES[one.outcome] ?? ["?", one.outcome];
  const broken = one.broken.length > 0;
  const about = broken ? `breaks ${one.broken.join(", ")}${one.known ? `, known: ${one.known}` : ""}` : name;
  const kind = !broken ? one.outcome : one.known ? "known" : "broken";
  return html`<button type="button" class=${`cell ${kind}`} aria-pressed=${id === selected ? "true" : "false"}
    title=${visible(about)} aria-label=${visible(`${id}: ${broken ? `${name}, ` : ""}${about}`)}
    onClick=${() => onSelect(id)}>${!broken ? sign : one.known ? "k" : exploration.laws[one.broken[0]]}</button>`;
}

function Matrix({ exploration, selected, onSelect }) {
  const pairs = Object.keys(exploration.cases).filter((id) => id.includes(" + "));
  const cell = (id) => html`<${Cell} ...${{ id, exploration, selected, onSelect }} />`;
  const { faults, rows, remarks } = exploration;
  const move = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    const column = event.target.closest("td")?.cellIndex;
    if (!by || column === undefined) return;
    event.preventDefault();
    const buttons = [...event.currentTarget.querySelectorAll("button")];
    const line = /Left|Right/.test(event.key) ? buttons
      : buttons.filter((one) => one.closest("td").cellIndex === column);
    line[line.indexOf(event.target) + by]?.focus();
  };
  return html`<div class="matrix-box" tabindex="0" role="region" aria-label="Matrix of the exploration">
    <table class="matrix" onKeyDown=${move}>
      <caption>${visible(exploration.headline)}</caption>
      <thead><tr><th scope="col">Place</th>
        ${faults.map((fault) => html`<th scope="col" key=${fault}><span>${visible(fault)}</span></th>`)}</tr></thead>
      <tbody>${rows.map((place) => html`<tr key=${place}><th scope="row"><${Text} of=${place} /></th>
        ${faults.map((fault) => html`<td key=${fault}>${cell(`${place} ${fault}`)}</td>`)}</tr>`)}</tbody></table>
    ${pairs.length > 0 && html`<h2>Pairs of faults</h2><ul class="pairs">
      ${pairs.slice(0, MANY).map((id) => html`<li key=${id}>${cell(id)} ${visible(id)}</li>`)}
      ${pairs.length > MANY && html`<li>and ${pairs.length - MANY} more</li>`}</ul>`}
    <p class="about legend">${legend(exploration.laws)}</p>
    ${remarks.map((remark) => html`<p class="about legend"><${Prose} text=${remark} /></p>`)}</div>`;
}

function CaseCall({ call, start }) {
  if (!call) return html`<td class="absent">no call</td>`;
  const { operation, method, path, status, fault, at, notes } = call;
  const line = (content) => html`<span class="about path">${content}</span>`;
  return html`<td><span class="case-call"><${Text} of=${operation ?? `${method} ${path}`} limit=${80} />
      <${Status} status=${status} /></span>
    ${fault && html`<span class="mark fault"><${Icon} name="fault" /><${Text} of=${fault} limit=${60} /></span>`}
    ${line(html`+${duration(at - start)} <${Text} of=${shortPath(path)} limit=${80} />`)}
    ${notes.map((note) => line(html`<${Text} of=${shortPath(note)} limit=${120} />`))}</td>`;
}

/** A case beside the good day; *at* is the pair of calls whose state is shown. */
function Case({ exploration, id, pairs, at, onSelect }) {
  const one = exploration.cases[id];
  const [good, bad] = [exploration.good_day.calls, one.calls].map((calls) => calls[0]?.at ?? 0);
  const about = (call) => call && `${call.status} ${call.fault ?? ""}`;
  const kind = (left, right) => (about(left) === about(right) ? "" : "changed");
  const verdict = one.broken.length ? `breaks ${one.broken.join(", ")}` : "holds";
  return html`<article class="case" aria-labelledby="case-title">
    <header class="call-head"><h2 id="case-title">${visible(id)}</h2>
      <p class="facts"><span class=${`status ${one.broken.length ? "bad" : "good"}`}>${verdict}</span>
        <span>${one.outcome}${one.error ? ` ${visible(one.error)}` : ""}</span>
        ${one.known && html`<span>known: <${Text} of=${one.known} /></span>`}
        ${one.credits != null && html`<span>${plural(one.credits, "credit")}</span>`}</p></header>
    ${Object.entries(one.reasons).map(([law, reason]) => html`<${Notice} key=${law} kind="pitfall" title=${`${law}:`}>
      <${Prose} text=${reason} /><//>`)}
    <div class="matrix-box" tabindex="0" role="region" aria-label="The good day and this case, side by side">
      <table class="aligned"><thead><tr><th scope="col">The good day</th><th scope="col">This case</th>
        <th scope="col" class="pick">State</th></tr></thead>
        <tbody>${pairs.slice(0, 500).map(([left, right], row) => html`<tr key=${row} class=${kind(left, right)}>
          <${CaseCall} call=${left} start=${good} /><${CaseCall} call=${right} start=${bad} />
          <td class="pick"><button type="button" aria-pressed=${row === at ? "true" : "false"}
            aria-label=${`State after row ${row + 1}, ${(right ?? left).operation ?? "unmatched"}`}
            onClick=${() => onSelect(row)}><${Icon} name="state" /></button></td></tr>`)}</tbody></table></div>
    ${pairs.length > 500 && html`<p class="about">and ${plural(pairs.length - 500, "more call")}</p>`}</article>`;
}

function Exploration({ data, selected, onSelect }) {
  const { exploration } = data;
  const ids = Object.keys(exploration.cases);
  const breaking = Object.keys(exploration.laws)
    .map((law) => ids.find((id) => exploration.cases[id].broken.includes(law)));
  const id = exploration.cases[selected] ? selected : breaking.find(Boolean) ?? ids[0];
  const [row, setRow] = useState({});
  const states = useRef(null);
  const good = exploration.good_day.calls, calls = exploration.cases[id]?.calls ?? [];
  const models = useMemo(() => [good, calls].map((one) => modelOfCase(data, one)), [id]);
  const pairs = useMemo(() => aligned(good, calls, (call) => call.operation ?? `${call.method} ${call.path}`), [id]);
  const at = row.id === id ? row.at : Math.min(pairs.length, 500) - 1;
  const pane = (side, title) => {
    const index = pairs.slice(0, at + 1).filter((pair) => pair[side]).length;
    return html`<${World} key=${`${id} ${side}`} model=${models[side]} index=${index} name=${`world-${side}`}
      title=${`${title}, ${index ? `after ${plural(index, "call")}` : "at the start"}`} />`;
  };
  const select = (one) => {
    setRow({ id, at: one });
    announce(`State after row ${one + 1}`);
    const { top } = states.current.getBoundingClientRect();
    if (top < 0 || top > innerHeight - 200) states.current.scrollIntoView();
  };
  return html`<main class="exploration" id="main" tabindex="-1">
    <${Matrix} exploration=${exploration} selected=${id} onSelect=${onSelect} />
    ${id && html`<${Case} ...${{ exploration, id, pairs, at }} onSelect=${select} />`}
    ${id && html`<div class="states" ref=${states}>${pane(0, "The good day")}${pane(1, "This case")}</div>`}</main>`;
}

// ------------------------------------------------------------------------------------------------ index
const COLUMNS = [
  ["outcome", "Outcome"], ["test", "Test"], ["duration", "Took"], ["clock", "On the clock"], ["calls", "Calls"],
  ["credits", "Credits"], ["pitfalls", "Pitfalls"],
];
const NUMBERS = new Set(["duration", "clock", "calls", "credits", "pitfalls"]);

function Index({ rows }) {
  const [[column, down], setOrder] = useState(["outcome", false]);
  const [filter, setFilter] = useState("");
  const by = NUMBERS.has(column) ? (a, b) => a[column] - b[column] : (a, b) => a[column].localeCompare(b[column]);
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = rows
    .filter((row) => words.every((word) => `${row.outcome} ${row.test}`.toLowerCase().includes(word)))
    .sort((a, b) => by(a, b) * (down ? -1 : 1) || a.test.localeCompare(b.test));
  const sort = (name) => {
    setOrder([name, name === column ? !down : NUMBERS.has(name)]);
    announce(`Sorted by ${name}`);
  };
  const heading = ([name, title]) => {
    const sorted = name === column ? (down ? "descending" : "ascending") : undefined;
    return html`<th scope="col" key=${name} class=${NUMBERS.has(name) ? "number" : ""} aria-sort=${sorted}>
      <button type="button" onClick=${() => sort(name)}>${title}
        <span aria-hidden="true">${sorted && (down ? " ↓" : " ↑")}</span></button></th>`;
  };
  const line = (row) => {
    const [file, ...names] = row.test.split("::");
    const times = [duration(row.duration), duration(Math.round(row.clock))];
    const numbers = [...times, row.calls, amount(row.credits), row.pitfalls];
    return html`<tr key=${row.file}>
      <td><span class=${`status ${toneOfOutcome(row.outcome)}`}>${visible(row.outcome)}</span></td>
      <td class="test-name"><span class="file"><${Text} of=${file} /></span>
        <a href=${encodeURI(row.file)}><${Text} of=${names.join("::") || file} limit=${160} /></a></td>
      ${numbers.map((one) => html`<td class="number">${one}</td>`)}</tr>`;
  };
  return html`<main class="index" id="main" tabindex="-1">
    <div class="pane-head"><h2>${plural(shown.length, "test")}</h2>
      <${Filter} label="Filter tests" value=${filter} onChange=${setFilter} /></div>
    <div class="matrix-box" tabindex="0" role="region" aria-label="Tests"><table class="tests">
      <thead><tr>${COLUMNS.map(heading)}</tr></thead><tbody>${shown.slice(0, 2000).map(line)}</tbody></table></div>
    ${!shown.length && html`<p class="empty">No test matches.</p>`}</main>`;
}

// -------------------------------------------------------------------------------------------------- app
const KEYS = [
  ["← →, k j", "previous and next step"], ["↑ ↓", "the same, unless a pane scrolls"],
  ["Home, End", "first and last step"], ["f", "fold or unfold identical polls"], ["/", "filter"],
  ["t", "light or dark"], ["?", "this help"], ["Esc", "close, or clear the filter"],
];

/** Switches between light and dark; at first the page is as the system is. */
function switchTheme() {
  const { dataset } = document.documentElement;
  const dark = dataset.theme ? dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = dark ? "light" : "dark";
  announce(`${dataset.theme} theme`);
}

const Help = ({ box }) => html`<dialog ref=${box} aria-labelledby="help-title"><h2 id="help-title">Keys</h2>
  <dl>${KEYS.map(([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl>
  <form method="dialog"><button autofocus>Close</button></form></dialog>`;

function Top({ data, model, help, children }) {
  const { test } = data;
  const [file, ...names] = (test?.id ?? "Traces").split("::");
  const [first, ...rest] = visible(test?.message ?? "").split("\\u000a").join("\n").split("\n");
  const phase = test?.phase && test.phase !== "call" && ` in ${visible(test.phase)}`;
  const saved = `${names.join("_").replace(/[^\w.-]+/g, "_") || "trace"}.har`;
  const save = () => download(saved, "application/json", JSON.stringify(asHar(model), null, 1));
  return html`<header class="page-head">
    <div class="title">
      <h1>${names.length > 0 && html`<span class="file"><${Text} of=${file} /></span>`}
        <${Text} of=${names.join("::") || file} limit=${160} /></h1>
      ${test && html`<p class="facts">
        <span class=${`status ${toneOfOutcome(test.outcome)}`}>${visible(test.outcome)}${phase}</span>
        ${model && html`<span>${plural(model.calls.length, "call")}</span>
          ${model.deliveries > 0 && html`<span>${plural(model.deliveries, "delivery", "deliveries")}</span>`}
          <span>${since(data.ended, model)} on the clock</span>
          <span>${duration(test.duration)} real</span><span>${plural(data.credits, "credit")}</span>`}</p>`}
      ${first && (rest.length
        ? html`<details class="failure"><summary><${Text} of=${first} /></summary>
            <pre tabindex="0">${shortened(rest.join("\n"), 20000)}</pre></details>`
        : html`<p class="failure"><${Text} of=${first} /></p>`)}</div>
    <div class="tools">${children}
      ${model && html`<button type="button" onClick=${save}><${Icon} name="save" />HAR</button>`}
      <button type="button" onClick=${switchTheme} aria-label="Light or dark" title="Light or dark  t">
        <${Icon} name="theme" /></button>
      <button type="button" onClick=${help} aria-label="Help" title="Keys  ?"><${Icon} name="help" /></button></div>
  </header>`;
}

/** Return the step of the address; or the last one that explains a failure, or else the last call, or the last step. */
function indexOf(model, hash) {
  const found = model.steps.find((step) => `#${step.id}` === hash);
  return (found ?? model.steps.findLast(explains) ?? model.calls.at(-1) ?? model.steps.at(-1)).index;
}

function Trace({ model, steps, selected, onSelect, pane, setPane, ...list }) {
  const step = model.steps[selected];
  const middle = useRef(null);
  useLayoutEffect(() => { middle.current.scrollTop = 0; }, [selected]);
  const call = step.kind === "call";
  const panes = [["calls", "Calls"], ["call", call ? `Call ${step.number}` : "Step"], ["world", "State"]];
  const when = call ? `after call ${step.number}` : step.kind === "start" ? "at the start" : "after this step";
  return html`<${Timeline} model=${model} selected=${selected} onSelect=${onSelect} />
    <nav class="panes" aria-label="Panes">${panes.map(([name, title]) => html`<button type="button" key=${name}
      aria-current=${pane === name ? "true" : undefined} onClick=${() => setPane(name)}>${title}</button>`)}</nav>
    <main class="columns" id="main" tabindex="-1" data-pane=${pane}>
      <${Calls} ...${{ model, steps, selected, onSelect, ...list }} />
      <section class="pane call" aria-label="Selected step">
        <div class="scroll" ref=${middle} tabindex="0" role="region" aria-label="Details">
          ${call ? html`<${CallView} model=${model} call=${step} onSelect=${onSelect} />`
            : html`<${BetweenView} key=${step.index} model=${model} step=${step} />`}</div></section>
      <${World} model=${model} index=${selected} title=${`State ${when}`} /></main>`;
}

function App({ data }) {
  const model = useMemo(() => (data.steps ? modelOf(data) : null), [data]);
  const first = useMemo(() => (model ? indexOf(model, location.hash) : 0), [model]);
  const [selected, setSelected] = useState(first);
  const [open, setOpen] = useState(() => opened(new Set(), model?.steps[first])); // runs of polls, by their first step
  const [chosen, setChosen] = useState(() => decodeURIComponent(location.hash.replace(/^#case-/, "")));
  const isTrace = !data.exploration || /^#(call|step|start)/.test(location.hash);
  const [view, setView] = useState(isTrace ? "trace" : "exploration");
  const [filter, setFilter] = useState("");
  const [pane, setPane] = useState(/^#(call|step)/.test(location.hash) ? "call" : "calls");
  const box = useRef(null);
  const help = () => box.current.showModal();
  const steps = useMemo(() => (!model ? [] : filter ? filtered(model.steps, filter) : folded(model.steps, open)),
    [model, filter, open]);

  const now = useRef(0); // the selection, also before the page is drawn again: keys may be faster
  now.current = selected;
  const go = (index) => {
    now.current = index;
    setSelected(index);
    setOpen((before) => opened(before, model.steps[index]));
  };
  const select = (index, show = false) => {
    go(index);
    if (show) setPane("call");
    history.replaceState(null, "", `#${model.steps[index].id}`);
    announce(nameOf(model.steps[index], model));
  };
  const fold = (run) => {
    const closes = open.has(run.first);
    if (closes || selected === run.last) select(closes ? run.last : run.first);
    setOpen((before) => new Set(closes ? [...before].filter((one) => one !== run.first) : [...before, run.first]));
  };
  const choose = (id) => {
    setChosen(id);
    history.replaceState(null, "", `#case-${encodeURIComponent(id)}`);
    announce(`Case ${id}`);
  };

  useLayoutEffect(() => {
    const onHash = () => model && go(indexOf(model, location.hash));
    const onKey = (event) => {
      const { target, key } = event;
      const typing = target.closest?.("[type=search], dialog");
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (key === "Escape" && target.id === "filter") { setFilter(""); target.blur(); return; }
      if (typing) return;
      if (key === "?") return help();
      if (key === "t") return switchTheme();
      if (key === "/") {
        const box = document.getElementById("filter");
        event.preventDefault();
        setPane("calls");
        box?.focus(); // in vain where its pane is not drawn yet
        if (document.activeElement !== box) requestAnimationFrame(() => box?.focus());
        return;
      }
      if (!model || view !== "trace") return;
      const { run } = model.steps[now.current];
      if (key === "f" && run && !filter) return fold(run);
      const scrolls = target.closest?.(".pane.call .scroll, .pane.world .scroll");
      const here = steps.findIndex((step) => step.index >= now.current);
      const last = steps.length - 1;
      const slides = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
      const vertical = target.type === "range" ? slides : { ArrowUp: -1, ArrowDown: 1 };
      const ends = scrolls ? {} : { ...vertical, Home: -last, End: last };
      const jumps = { ArrowLeft: -1, k: -1, ArrowRight: 1, j: 1, ...ends };
      if (!(key in jumps)) return;
      event.preventDefault();
      const to = Math.max(0, Math.min(last, (here < 0 ? last : here) + jumps[key]));
      if (steps[to]) select(steps[to].index);
    };
    window.addEventListener("hashchange", onHash);
    document.addEventListener("keydown", onKey);
    return () => { window.removeEventListener("hashchange", onHash); document.removeEventListener("keydown", onKey); };
  });

  const skip = (event) => { event.preventDefault(); document.getElementById("main").focus(); };
  return html`<a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <${Top} data=${data} model=${view === "trace" ? model : null} help=${help}>
      ${data.exploration && ["exploration", "trace"].map((name) => html`<button type="button" key=${name}
        aria-pressed=${view === name ? "true" : "false"} onClick=${() => setView(name)}>
        ${name === "trace" ? "Trace" : "Exploration"}</button>`)}<//>
    ${data.index ? html`<${Index} rows=${data.index} />`
      : view === "exploration" ? html`<${Exploration} data=${data} selected=${chosen} onSelect=${choose} />`
      : model ? html`<${Trace} ...${{ model, steps, selected, pane, setPane, open, filter, setFilter }}
          onSelect=${select} onFold=${fold} />`
      : html`<main id="main" tabindex="-1"><p class="empty">Nothing was recorded.</p></main>`}
    <${Help} box=${box} />`;
}

/** Draws the page anew for each new version of the data. */
function show(data) {
  render(html`<${App} data=${data} />`, document.getElementById("app"));
}

const said = Object.assign(document.createElement("div"), { id: "said", role: "status" });
document.getElementById("app").insertAdjacentElement("afterend", said);
show(source.load());
