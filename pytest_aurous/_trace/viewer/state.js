"use strict";
// The state of the fake after a step.

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
  const next = own(machine.edges, current) ?? [];
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
    ${all.slice(0, 12).map(([name, url]) => html`<li>${own(model.pictures, pathOf(url))
      ? html`<img src=${own(model.pictures, pathOf(url))} alt=${name} />`
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
  const controls = useContext(Controls);
  const [open, setOpen] = useState(null);
  const machine = model.machines[record.kind];
  const shown = open ?? Boolean(change); // what somebody works in stays open when the next step arrives
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
    ${shown && html`<div class="inner" onFocusCapture=${() => setOpen(true)}>
      ${controls?.record(id, record)}
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
  const controls = useContext(Controls);
  const several = Object.keys(world.money).length > 1;
  const teams = Object.entries(model.money).filter(([team]) => own(world.money, team));
  return teams.map(([team, values]) => html`<div class=${`money${own(change, team) ? " changed" : ""}`} key=${team}>
    ${several && html`<p class="about">${visible(own(world.records, team)?.json.name ?? shortId(team))}</p>`}
    <dl>${["available", "held", "spent"].map((label) => html`<${Spark} key=${label} label=${label}
      at=${Math.min(index, values.length - 1)} values=${values.map((one) => one[label])} />`)}</dl>
    ${controls?.credits(team)}</div>`);
}

/** What has no record: a section with a row of cells for each entry; the latest first. */
function Facts({ title, entries, change, count, open, cells, children }) {
  return (entries.length > 0 || children) && html`<${Section} title=${title} count=${count && entries.length}
    open=${open}>${children}
    ${entries.length > 0 && html`<ul class="facts-list" role="list">${entries.slice(0, MANY).map(([id, one]) => html`
      <li key=${id} class=${own(change, id) ? "changed" : ""}>${cells(one, id)}</li>`)}</ul>`}
    ${entries.length > MANY && html`<p class="about">and ${entries.length - MANY} more</p>`}<//>`;
}

const Deliveries = ({ entries, change, children }) => html`<${Section} title="Deliveries" count=${entries.length}>
  ${children}
  ${entries.slice(0, 50).map(([number, one]) => html`<${Delivery} key=${number} ...${{ number, one }}
    changed=${own(change, number)} />`)}
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

/**
 * The state after a step, with what this step has changed; *at* is the point in the history of the money, and *part*
 * returns what to show of a state.
 */
function World({ model, index, at = index, title, name = "world", part = (state) => state, children }) {
  const controls = useContext(Controls);
  const world = useMemo(() => part(worldAt(model, index)), [model, index, part]);
  const change = useMemo(() => changesOf(model.steps[index], worldAt(model, index - 1)), [model, index]);
  const known = model.data.start.records;
  const several = Object.keys(world.money).length > 1; // then a team of the start stands beside those that were added
  const groups = {};
  for (const [id, record] of Object.entries(world.records)) {
    const before = own(known, id);
    const standing = before && record.kind !== "character" && !(several && record.kind === "team") &&
      !differences(before.json, record.json).length;
    (groups[standing ? STANDING : `${capital(kindOf(record))}s`] ??= []).push([id, record]);
  }
  const order = Object.keys(groups).sort((a, b) => (a === STANDING) - (b === STANDING));
  const section = (part) => ({ entries: Object.entries(world[part]).reverse(), change: change[part] });
  const deliveries = section("deliveries");
  const team = (id) => several && html`<span class="about">${shortId(id)}</span>`;
  const until = (one) => `${one.in_flight_until ? "in flight " : ""}until ${iso(one.in_flight_until ?? one.until)}`;
  return html`<section class="pane world" aria-labelledby=${`${name}-title`}>
    <div class="pane-head"><h2 id=${`${name}-title`}>${title}</h2>${children}</div>
    <div class="scroll" tabindex="0" role="region" aria-label=${`${title}: details`}>
      ${controls?.head()}
      <${Section} title="Credits"><${Money} ...${{ model, index: at, world, change: change.money }} /><//>
      ${order.map((kind) => html`<${Section} key=${kind} title=${kind} count=${groups[kind].length}
        open=${kind !== STANDING}>
        ${kind !== STANDING && controls?.collection(groups[kind][0][1].kind)}
        ${groups[kind].slice(-100).map(([id, record]) => html`<${Record} key=${id} change=${own(change.records, id)}
          ...${{ model, id, record, index }} />`)}
        ${groups[kind].length > 100 && html`<p class="about">and ${groups[kind].length - 100} older ones</p>`}<//>`)}
      ${controls?.collections(order.filter((kind) => kind !== STANDING).map((kind) => groups[kind][0][1].kind))}
      <${Facts} title="Faults" ...${section("faults")} cells=${(one, id) => html`<code>${visible(one.kind)}</code>
        <span>on ${visible(one.operation)}</span>
        <span class="count">${one.fired} of ${one.times ?? "any number"} met</span>${controls?.fault(id)}`}>
        ${controls?.faults()}<//>
      <${Facts} title="Scripts" ...${section("scripts")}
        cells=${(one, id) => html`<span>${visible(id)}:</span><code>${visible(one)}</code>`}>
        ${controls?.scripts()}<//>
      ${(deliveries.entries.length > 0 || controls) && html`<${Deliveries} ...${deliveries}>
        ${controls?.deliveries(world.deliveries)}<//>`}
      ${controls?.keys()}
      <${Facts} title="Idempotency keys" count ...${section("keys")} cells=${(one, id) => html`
        <code><${Text} of=${id.slice(id.indexOf(" ") + 1)} limit=${60} /></code><span>${visible(one.request)}</span>
        <span class="count">${until(one)}</span>`} />
      <${Facts} title="Rate buckets" count open=${false} ...${section("buckets")} cells=${(one, id) => html`
        <span>${id.split(" ")[1]}</span>${team(id.split(" ")[0])}
        <meter min="0" max=${one.capacity} value=${one.remaining}
          aria-label=${`${id.split(" ")[1]}: ${one.remaining} of ${one.capacity} left`}></meter>
        <span class="count">${one.remaining} of ${one.capacity}
          ${one.overruns ? `, ${plural(one.overruns, "overrun")}` : ""}</span>${controls?.bucket(id)}`} />
      ${controls?.snapshots()}</div></section>`;
}
