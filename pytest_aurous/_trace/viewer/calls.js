"use strict";
// The calls: the list, the timeline, and the selected one.

const ROW = 54, LINE = 21, FOLD = 28;

/** Where each row of the list is; a row begins with the wait before it, drawn to scale. */
function placed(steps, open, model) {
  let top = 0;
  return steps.map((step) => {
    const { run } = step;
    const fold = run && (open.has(run.id) ? step.index === run.first : step.index === run.last);
    const folded = fold && !open.has(run.id);
    const gap = gapHeight(folded ? model.steps[run.first].gap : step.gap);
    const lines = step.kind === "call" ? 0 : Math.min(5, step.lines?.length ?? 1);
    const end = folded ? Math.max(FOLD, gapHeight(run.seconds)) : fold ? FOLD : 0;
    const above = step.kind === "call" ? (gap ? Math.max(gap, 20) : 0) : Math.max(lines * LINE + 12, gap) - ROW;
    const row = { step, top, gap, above, end, fold, folded, height: above + ROW + end };
    top += row.height;
    return row;
  });
}

function Row({ row, model, teams, selected, entry, size, at, onSelect, onFold }) {
  const { step, top, height, gap, above, end, fold, folded } = row;
  const { run } = step;
  const current = selected === step.id ? "step" : undefined;
  const tabindex = entry === step.id ? undefined : -1; // one row is a stop of the Tab key; arrows lead to the others
  const select = (event) => { event.preventDefault(); onSelect(step.id, true); };
  const link = (content, tall = ROW) => html`<a href=${`#${step.id}`} aria-current=${current} tabindex=${tabindex}
    style=${{ height: `${tall}px` }} onClick=${select}><span class="rail"></span>${content}</a>`;
  const item = (kind, content) => html`<li class=${kind} style=${{ top: `${top}px`, height: `${height}px` }}
    aria-setsize=${size} aria-posinset=${at}>${content}</li>`;
  const folding = fold && html`<span class="fold" style=${{ height: `${end}px` }}><span class="rail"></span>
    <button type="button" aria-expanded=${folded ? "false" : "true"} tabindex=${tabindex} onClick=${() => onFold(run)}>
      ${plural(run.count, step.part ? "part" : "identical poll")} in ${duration(run.seconds)}</button></span>`;
  if (step.kind !== "call") {
    const start = model.data.live ? "Before the first step" : "Start of the test";
    const lines = step.kind === "start" ? [{ kind: "note", text: start }] : step.lines;
    return item(`between${gap ? " waited" : ""}`, html`${link(html`<span class="lines">
      ${lines.length > 5 && html`<span class="line">${lines.length - 4} more before</span>`}
      ${lines.slice(lines.length > 5 ? -4 : 0).map((line) => html`<span class="line"><${Icon} name=${line.kind} />
        <span class="cut"><${Text} of=${shortPath(line.text)} limit=${120} /></span></span>`)}</span>`, ROW + above)}
      ${folding}`);
  }
  const team = own(teams, step.team);
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
      <span class="bottom"><span class="path cut">${path}</span>
        ${team && html`<span class="team"><i style=${{ background: team.color }}></i>
          <span class="cut">${visible(team.name)}</span></span>`}<${Marks} marks=${step.marks} />
        <span class="at">+${since(step.arrived ?? step.at, model)}</span></span>`)}
    ${folding}`);
}

function Calls({
  model, teams, steps, selected, onSelect, open, onFold, filter, setFilter, show, searching, children,
}) {
  const rows = useMemo(() => placed(steps, open, model), [steps]);
  const box = useRef(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const row = rows.find((one) => one.step.id === selected);
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
  const seen = every ? rows : rows.filter((row) => row.step.id === selected || near(row));
  const entry = (seen.find((row) => row.step.id === selected) ?? seen[0])?.step.id;
  const count = filter ? steps.filter((step) => step.kind === "call").length : model.calls.length;
  const key = ({ step, folded }) => (folded ? step.run.id : step.id);
  return html`<section class="pane calls" aria-labelledby="calls-title">
    <div class="pane-head">
      <h2 id="calls-title">Calls${" "}
        <span class="count">${count === model.calls.length ? count : `${count} of ${model.calls.length}`}
          ${model.deliveries > 0 && `, ${plural(model.deliveries, "delivery", "deliveries")}`}</span></h2>
      <${Filter} label="Filter calls, for example 404, images or fault" value=${filter} onChange=${setFilter}
        show=${show} /></div>
    ${children}
    <div class="scroll" ref=${box} onScroll=${() => setTop(box.current.scrollTop)}>
      <ol role="list" style=${{ height: `${total}px` }}>
        ${seen.map((row) => html`<${Row} key=${key(row)} size=${rows.length} at=${rows.indexOf(row) + 1}
          ...${{ row, model, teams, selected, entry, onSelect, onFold }} />`)}</ol>
      ${!rows.length && !searching && html`<p class="empty">No call matches.
        A filter looks at number, operation, method, path, status, error code, marks, bodies and
        Idempotency-Key.</p>`}</div>
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
  const ticks = useMemo(() => {
    const shown = points.filter(({ step }) => step.kind === "call" || step.deliveries.length);
    const weight = ({ step }) => (step.marks?.length ? 2 : toneOfStep(step) === "good" ? 0 : 1);
    const places = new Map(); // of steps that would lie on each other, the one that says most
    for (const point of shown) {
      const place = Math.round(point.x), other = places.get(place);
      if (!other || weight(point) >= weight(other)) places.set(place, point);
    }
    const lines = {}; // one path for all that look the same: thousands of elements would be slow
    for (const { step, x } of places.values()) {
      const isMarked = step.marks?.length > 0;
      const kind = `tick ${toneOfStep(step)}${isMarked ? " marked" : ""}`;
      (lines[kind] ??= []).push(`M${x.toFixed(1)} ${isMarked ? "3V27" : "8V22"}`);
    }
    return Object.entries(lines).map(([kind, all]) => html`<path key=${kind} class=${kind} d=${all.join("")} />`);
  }, [points]);
  const step = model.byId.get(selected);
  const text = `${nameOf(step, model)}, ${since(step.at, model)} after the start`;
  const distance = (point, x) => Math.abs(point.x - x);
  const nearest = (x) => points.reduce((best, one) => (distance(one, x) < distance(best, x) ? one : best)).step.id;
  return html`<section class="timeline" aria-label="Timeline">
    <svg class=${points.length > 300 ? "crowded" : ""} viewBox="0 0 1000 30" preserveAspectRatio="none"
      aria-hidden="true"><line class="base" x1="0" x2="1000" y1="15" y2="15" />${ticks}</svg>
    <input type="range" min="0" max="1000" step="any" value=${points[step.index].x} aria-label="Time"
      aria-valuetext=${text} onInput=${(event) => onSelect(nearest(Number(event.target.value)))} />
    <output>${nameOf(step, model)}, +${since(step.at, model)}</output></section>`;
}

// -------------------------------------------------------------------------------------- the selected call
function Body({ body, changed }) {
  if (!body) return html`<p class="about">No body</p>`;
  const size = plural(body.size, "byte");
  if (body.picture?.startsWith("data:video/")) {
    return html`<video class="picture" src=${body.picture} controls muted aria-label=${`Film of ${size}`}></video>`;
  }
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

function Message({ id, title, message, before, number, other, open = true }) {
  const value = parsed(message?.body), old = other ? undefined : parsed(before?.body);
  const both = value !== undefined && old !== undefined;
  const found = useMemo(() => (both ? differences(old, value) : null), [message, before]);
  const changed = useMemo(() => new Set((found ?? []).map((one) => one.path)), [found]);
  if (!message) return html`<${Section} title=${title}><p class="empty">No response arrived.</p><//>`;
  return html`<${Section} title=${title} open=${open}>
    ${other && html`<p class="about">Call ${number} got <${Status} status=${other} />, so nothing is compared.</p>`}
    ${found && (found.length
      ? html`<div class="since"><h4>Differs from call ${number}</h4><${Differences} found=${found} /></div>`
      : html`<p class="about">The same as in call ${number}.</p>`)}
    <${Body} key=${id} body=${message.body} changed=${changed} />
    <${Headers} headers=${message.headers} /><//>`;
}

function Stream({ call, open }) {
  const { arrived, stream: { count, ended, events } } = call;
  const known = events.length ? events : eventsOf(sentOf(call)).slice(0, 200).map((text) => ({ text }));
  const more = count - known.length;
  return html`<${Section} title="Events" count=${count} open=${open}>
    <p class="about">${capital(ended ?? "not read to its end")}</p>
    <ol class="stream" role="list">${known.map(({ at, text }) => html`<li>
      ${at && html`<time>+${duration(at - arrived)}</time> `}
      <code><${Text} of=${text} limit=${240} /></code></li>`)}</ol>
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
    <p class="about">${where(place)}
      ${through && html`, through <code>${visible(through.file)}:${through.line}</code>`}</p>
    ${place.source?.length > 0 && html`<ol class="source" role="list" tabindex="0" aria-label="Source">
      ${place.source.map(([number, line]) => html`<li class=${number === place.line ? "here" : ""}
        aria-current=${number === place.line ? "true" : undefined}><span class="line-number">${number}</span>
        <code>${shortened(visible(line), 300) || " "}</code></li>`)}</ol>`}
    ${outer.length > 0 && html`<details class="headers"><summary>Called from ${plural(outer.length, "place")}</summary>
      <ol class="stack">${outer.map((frame) => html`<li>${where(frame)}</li>`)}</ol></details>`}<//>`;
}

function CallView({ model, call, onSelect }) {
  const controls = useContext(Controls);
  const { refusal, endpoint } = rulesOf(model.data, call);
  const before = call.previous, chat = useMemo(() => chatOf(call), [call]);
  const lost = call.status === null && call.committed;
  const other = before && toneOf(before.status) !== toneOf(call.status) ? before.status ?? "no response" : undefined;
  const parts = shortened(visible(call.path), 300).split("/");
  const back = (event) => { event.preventDefault(); onSelect(before.id); };
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
        ${!model.data.live && html`<span>
          ${call.timeout === null ? "no timeout" : `timeout ${duration(call.timeout)}`}</span>`}</p>
      ${controls?.call(call)}
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
      The API does not know this request. <${Prose} text=${call.hint ?? ""} /><//>`}
    ${call.replayed && html`<${Notice} kind="replay" title="Replayed:">
      the stored response of an earlier request with this Idempotency-Key.<//>`}
    ${call.hint && call.operation !== null && html`<${Notice} kind="help" title="Hint:">
      <${Prose} text=${call.hint} /><//>`}
    ${call.notes.length > 0 && html`<${Section} title="What it did"><ul class="notes">
      ${call.notes.map((note) => html`<li><${Text} of=${note} /></li>`)}</ul><//>`}
    ${chat && html`<${Conversation} ...${{ call, chat }} />`}
    <${Place} call=${call} />
    <${Message} id=${call.index} title="Request" message=${call.request} open=${!chat}
      before=${before?.request} number=${before?.number} />
    <${Message} id=${call.index} title="Response" message=${call.response} open=${!chat}
      before=${before?.response} number=${before?.number} other=${other} />
    ${call.stream && html`<${Stream} call=${call} open=${!chat} />`}
    ${before && html`<p class="about"><a href=${`#${before.id}`} onClick=${back}>Call ${before.number}</a> was the
      ${" "}previous ${call.operation ? "call of this operation" : "request to this path"}.</p>`}
    ${refusal.length > 0 && html`<${Section} title=${`Rules about ${call.error_code}`} count=${refusal.length}>
      ${rules(refusal)}<//>`}
    ${endpoint.length > 0 && html`<${Section} title="Rules of this endpoint" open=${false} count=${endpoint.length}>
      ${rules(endpoint)}<//>`}</article>`;
}

function BetweenView({ model, step }) {
  const controls = useContext(Controls);
  const { test } = model.data;
  const head = (title, facts) =>
    html`<header class="call-head plain"><h2>${title}</h2><p class="facts">${facts}</p></header>`;
  if (step.kind !== "start") {
    const passed = step.gap > 0 && html`<span>${duration(step.gap)} passed</span>`;
    const title = model.data.live || model.calls.length ? "Between calls" : "Without calls";
    const lines = step.lines.filter((line) => line.kind !== "deliveries" || !step.deliveries.length);
    return html`<article>${head(title, html`<span>${iso(step.at)}</span>${passed}`)}
      ${step.deliveries.length > 0 && html`<${Deliveries} entries=${step.deliveries} />`}
      <ul class="notes">
        ${lines.map((line) => html`<li><${Icon} name=${line.kind} /> <${Text} of=${line.text} /></li>`)}</ul>
      ${step.action && controls?.action(step.action)}</article>`;
  }
  if (model.data.live) {
    return html`<article>${head("Before the first step", html`<span>${iso(model.began)}</span>`)}
      <p>This is the state of the fake before the first step of the list.</p></article>`;
  }
  return html`<article>
    ${head("Start of the test", html`<span>${iso(model.began)}</span><span>seed ${test.seed}</span>`)}
    <p>This is the state of the fake before anything happened. Select a call, or press the right arrow key.</p>
    ${test.message && html`<${Section} title="How it ended"><pre tabindex="0">${visible(test.message)}</pre><//>`}
    ${test.again && html`<${Section} title="Run it again"><pre tabindex="0">${visible(test.again)}</pre>
      <${Copy} label="Command" what="command" of="again" text=${() => test.again} /><//>`}</article>`;
}
