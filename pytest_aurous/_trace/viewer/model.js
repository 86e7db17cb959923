"use strict";
// The data of a trace, and what follows from it. Nothing here draws anything.

const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const LONGEST = 2000;

/** Write characters that cannot be seen, or that turn a line around, as escapes. */
const visible = (text) =>
  String(text).replace(INVISIBLE, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
const shortened = (text, length = LONGEST) => text.length <= length ? text
  : `${text.slice(0, length)}… (${(text.length - length).toLocaleString("en")} more characters)`;
const shortId = (id) => (id.length > 20 ? `${id.slice(0, id.indexOf("_") + 1)}…${id.slice(-6)}` : id);
const shortPath = (text) => text.replace(/\b[a-z]+_[0-9A-Z]{26}\b/g, shortId);
const plural = (count, one, many = `${one}s`) => `${amount(count)} ${count === 1 ? one : many}`;
const capital = (word) => word[0].toUpperCase() + word.slice(1);
const amount = (value) => Number(value.toFixed(6)).toLocaleString("en", { maximumFractionDigits: 6 });
const iso = (seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
const isObject = (value) => value !== null && typeof value === "object";

/** Return what an object itself has under a name that others chose: it inherits some, such as `constructor`. */
const own = (object, name) => (object && Object.hasOwn(object, name) ? object[name] : undefined);

/** Return an object with the same entries that inherits nothing: names that others choose can be written into it. */
const dictionary = (values) => Object.assign(Object.create(null), values);
const pathOf = (url) => url.split("?")[0].replace(/^https?:\/\/[^/]+/, "");

/** Write seconds as a person would: 0.25 s, 45 s, 1 m 30 s, 2 h 5 m, 3 d. */
function duration(seconds) {
  const parts = [];
  let rest = Math.abs(seconds) < 10 ? Math.round(Math.abs(seconds) * 1000) / 1000 : Math.round(Math.abs(seconds));
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["m", 60]]) {
    if (rest >= size) parts.push(`${Math.floor(rest / size)} ${unit}`);
    rest %= size;
  }
  if (rest || !parts.length) parts.push(`${Math.round(rest * 1000) / 1000} s`);
  return (seconds < 0 ? "−" : "") + parts.slice(0, 2).join(" ");
}

/** Write when something was, from the start of the test, to a tenth of a second. */
const since = (at, model) => duration(Math.round((at - model.began) * 10) / 10);

function parsed(body) {
  try {
    return body?.text === undefined ? undefined : JSON.parse(body.text);
  } catch {
    return undefined;
  }
}

const header = (message, name) => message?.headers.find(([one]) => one.toLowerCase() === name)?.[1];

/** Return what differs between two values as [{path, before, after}], but for request ids. */
function differences(before, after, path = "", found = []) {
  if (found.length >= 200 || before === after) return found;
  const same = isObject(before) && isObject(after) && Array.isArray(before) === Array.isArray(after);
  if (same) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (key === "request_id") continue;
      const step = Array.isArray(after) ? `${path}[${key}]` : path ? `${path}.${key}` : key;
      differences(own(before, key), own(after, key), step, found);
    }
  } else {
    found.push({ path, before, after });
  }
  return found;
}

/** Return the longest common sequence of two lists as pairs; what has no partner stands beside undefined. */
function aligned(left, right, key) {
  const a = left.map(key), b = right.map(key);
  if (a.length * b.length > 250000) {
    return Array.from({ length: Math.max(a.length, b.length) }, (_, at) => [left[at], right[at]]);
  }
  const best = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      best[i][j] = a[i] === b[j] ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
    }
  }
  const pairs = [];
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) pairs.push([left[i++], right[j++]]);
    else if (j >= b.length || (i < a.length && best[i + 1][j] >= best[i][j + 1])) pairs.push([left[i++], undefined]);
    else pairs.push([undefined, right[j++]]);
  }
  return pairs;
}

/**
 * The steps of a trace, numbered; step 0 is the start, before the first of them. The money of each team is
 * {team: [{available, held, spent}]}, after each step; spent adds up what was charged.
 */
function modelOf(data) {
  const { pictures = {}, machines, began } = data;
  const model = {
    data, pictures, machines, began, steps: [], calls: [], byId: new Map(), deliveries: 0, money: dictionary(),
    latest: {}, world: sectionsOf(data.start), run: {}, sent: new Map(),
  };
  const start = { kind: "start", at: began, changes: {}, events: [], notes: [] };
  for (const step of [start, ...data.steps]) add(model, step);
  return model;
}

/** Add a step at the end. A call of a live page is brief: of its changes it has only the money. */
function add(model, given) {
  const { steps, calls, byId, world, latest } = model;
  const before = steps.at(-1);
  const changes = given.changes ?? { money: given.money ?? {} };
  const step = { events: [], notes: [], pitfalls: [], ...given, changes, index: steps.length, run: undefined };
  step.gap = before ? Math.max(0, (step.arrived ?? step.at) - before.at) : 0;
  step.id = idOf(step, byId);
  byId.set(step.id, step);
  steps.push(step);
  if (step.action?.undo && before.action?.arguments.name === step.action.undo) before.hidden = true; // its snapshot
  if (step.part) {
    const { of, text, ended } = step.part;
    model.sent.set(of, { text: (model.sent.get(of)?.text ?? "") + text, ended });
  }
  if (step.before) apply({ changes: step.before }, world);
  if (step.kind === "between") step.lines = linesOf(step, world);
  step.quiet = given.brief ? given.quiet : !step.notes.length && isQuiet(changesOf(step, world));
  if (step.kind === "call") {
    const here = `${step.operation} ${step.path}`;
    step.previous = latest[here] ?? latest[step.operation];
    latest[here] = step;
    if (step.operation !== null) latest[step.operation] = step;
    step.marks = marksOf(step);
    calls.push(step);
  } else {
    step.deliveries = Object.entries(changes.deliveries ?? {}).filter(([, one]) => one && one.status !== "pending");
    model.deliveries += step.deliveries.length;
  }
  const had = { ...world.money };
  apply(step, world);
  step.money = { ...world.money };
  for (const [team, now] of Object.entries(world.money)) {
    const values = (model.money[team] ??= Array(step.index).fill({ available: now.available, held: 0, spent: 0 }));
    const spent = (values.at(-1)?.spent ?? 0) + paidOf(step, own(had, team) ?? now, now);
    values.push({ available: now.available, held: now.held, spent });
  }
  addToRun(model, step);
}

/** Return what was charged: all that a call took; between calls, what was held before: a test may set the rest. */
function paidOf({ kind }, before, { credits, held }) {
  const taken = before.credits - credits;
  return Math.max(0, kind === "call" ? taken : Math.min(taken, before.held - held));
}

/** Return the address of a step: of a call its number; after a reset, calls begin at 1 again. */
function idOf({ kind, number, seq, index }, byId) {
  if (seq) return `step-${seq}`;
  const id = kind === "call" ? `call-${number}` : kind === "start" ? "start" : `step-${index}`;
  return byId.has(id) ? `step-${index}` : id;
}

/** Return the model of one run of an exploration; what the page shows of it are its calls and the states after them. */
const modelOfCase = (data, calls) => modelOf({
  ...data, start: data.exploration.start, began: 0,
  steps: calls.map((call, at) => ({ kind: "call", number: at + 1, events: [], pitfalls: [], ...call })),
});

/** Whether changes are none that a poll would show: rate buckets fill by themselves, and polls are counted. */
const isQuiet = ({ buckets, records, ...others }) => !Object.keys(others).length &&
  Object.values(records ?? {}).every(([old, now]) => old && now &&
    differences({ ...old, polls: 0 }, { ...now, polls: 0 }).length === 0);

const LEAST_RUN = 4;

/** Count a step to a run of identical polls, or of parts of a stream: {id, first, last, count, seconds}. */
function addToRun(model, step) {
  if (step.kind === "between" && step.quiet) return;
  const { steps, run } = model;
  const isPoll = step.kind === "call" && step.quiet && step.method === "GET" && !explains(step);
  const poll = isPoll && [step.path, step.query, step.status, step.body ?? step.response?.body?.text].join();
  const seen = step.part ? `part ${step.part.of}` : poll || null;
  if (!seen || run.seen !== seen) {
    model.run = { seen, id: step.id, first: step.index, last: step.index, count: 1, seconds: 0 };
    return;
  }
  Object.assign(run, { last: step.index, count: run.count + 1, seconds: step.at - steps[run.first].at });
  if (step.part || run.count >= LEAST_RUN) for (const one of steps.slice(run.first, step.index + 1)) one.run = run;
}

/** Return the steps that the list shows: of a run of polls that is not *open* the last one, which stands for all. */
const folded = (steps, open) =>
  steps.filter(({ run, index, hidden }) => !hidden && (!run || open.has(run.id) || index === run.last));

/** Return the runs that are open after a step was selected: that around it, unless the step stands for it. */
const opened = (open, step) => (!step?.run || step.index === step.run.last ? open : new Set([...open, step.run.id]));

/** Whether a call, or a delivery between two calls, may explain why a test failed. */
const explains = (step) => step.kind !== "call"
  ? step.deliveries.some(([, one]) => one.fault || one.status === "failed")
  : Boolean(step.hint || step.fault || step.pitfalls.length) || step.operation === null ||
    ["bad", "none"].includes(toneOf(step.status));

/** Return a copy of a state, to which steps may happen. */
const sectionsOf = (state) =>
  Object.fromEntries(Object.entries(state).map(([section, values]) => [section, dictionary(values)]));

/** Let a step happen to a state. */
function apply(step, world) {
  for (const [section, values] of Object.entries(step.changes)) {
    for (const [id, value] of Object.entries(values)) {
      if (value === null) delete world[section][id];
      else world[section][id] = value;
    }
  }
}

/** Return the state of the fake after a step; -1 and 0 stand for the start. */
function worldAt(model, index) {
  const world = sectionsOf(model.data.start);
  for (const step of model.steps.slice(1, index + 1)) apply(step, world);
  return world;
}

/** Return what a step has changed, without what looks the same: {section: {id: [before, after]}}. */
function changesOf(step, before) {
  const found = {};
  for (const [section, values] of Object.entries(step.changes)) {
    for (const [id, after] of Object.entries(values)) {
      const old = own(before[section], id);
      if (differences(old ?? null, after).length) (found[section] ??= dictionary())[id] = [old, after];
    }
  }
  return found;
}

/** Return a step in a few words. */
const nameOf = (step, model) =>
  step.kind === "call" ? [
    `call ${step.number}${model.data.live ? "" : ` of ${model.calls.length}`}`,
    step.operation ?? "unmatched", step.status ?? "no response",
  ].join(", ")
  : step.kind === "start" ? "start"
  : step.deliveries.length ? plural(step.deliveries.length, "delivery", "deliveries")
  : step.lines.length > 2 ? `${step.lines[0].text}, and ${step.lines.length - 1} more`
  : step.lines.map((line) => line.text).join(", ");

function marksOf(call) {
  const marks = [];
  if (call.operation === null) marks.push("unmatched");
  if (call.fault) marks.push("fault");
  if (call.pitfalls.length) marks.push("pitfall");
  if (call.replayed) marks.push("replay");
  return marks;
}

/** Return the tone of a response: good, bad, none (no response) or plain. */
const toneOf = (status) => (status == null ? "none" : status >= 400 ? "bad" : status >= 300 ? "plain" : "good");

/** Return the tone of a step: of its response, or of its deliveries. */
const toneOfStep = (step) => step.kind === "call" ? toneOf(step.status)
  : step.deliveries.some(([, one]) => one.status === "failed") ? "bad" : "good";

const toneOfOutcome = (outcome) => own({ passed: "good", failed: "bad", error: "bad" }, outcome) ?? "plain";

const WHAT_MOVED = {
  sleep: (seconds) => `slept ${seconds}, skipped`,
  advance: (seconds) => `the test moved the clock by ${seconds}`,
  freeze: (seconds) => `the test set the clock, by ${seconds}`,
  fault: (seconds) => `a slow response took ${seconds}`,
};

/** Return in words what moved the clock: equal sleeps in a row are one line. */
function movesOf(events) {
  const moves = [];
  for (const { kind, seconds } of events) {
    const last = moves.at(-1);
    if (last?.kind === kind && last.seconds === seconds) last.count++;
    else moves.push({ kind, seconds, count: 1 });
  }
  const text = ({ seconds, count }) => (count > 1 ? `${count} × ${duration(seconds)}` : duration(seconds));
  return moves.map((move) => ({ kind: move.kind, text: WHAT_MOVED[move.kind](text(move)) }));
}

/** Write Python on one line: within a literal, a line break is an escape. */
const onOneLine = (python) => python.replace(/(?<=[([{])\n *|,?\n *(?=[)\]}])/g, "").replace(/\s+/g, " ");

/** Return in words what happened between two requests. */
function linesOf(step, before) {
  const done = step.action && { kind: "action", text: onOneLine(step.action.python) };
  const moves = done ? [done] : movesOf(step.events);
  const lines = [...moves, ...step.notes.map((text) => ({ kind: "note", text }))];
  const noted = step.notes.join("\n");
  for (const [section, values] of Object.entries(changesOf(step, before))) {
    for (const [id, [old, after]] of Object.entries(values)) {
      const text = WHAT_CHANGED[section]?.(id, old, after);
      const name = { records: id, money: "credits" }[section];
      const known = name && noted.includes(name);
      if (text && !known) lines.push({ kind: section, text });
    }
  }
  return lines.length ? foldedLines(lines) : [{ kind: "note", text: "time passed" }];
}

/** Return lines with series of equal ones folded: they differ only in the record or the delivery they are about. */
function foldedLines(lines) {
  const series = [];
  const change = ({ kind, text }) => `${kind}${text.slice(text.indexOf(": ") + 1)}`;
  for (const line of lines) {
    const last = series.at(-1);
    if (last && change(last[0]) === change(line)) last.push(line);
    else series.push([line]);
  }
  return series.flatMap((equal) => (equal.length < LEAST_RUN ? equal
    : [equal[0], { kind: equal[0].kind, text: `x ${equal.length}` }, equal.at(-1)]));
}

/** Return the kind of a record in words. */
const kindOf = ({ kind }) => (kind === "videolora" ? "video lora" : kind);

const WHAT_CHANGED = {
  records: (id, before, after) =>
    !after ? `${shortId(id)} is gone`
    : !before ? `new ${kindOf(after)} ${shortId(id)}${after.status ? `, ${after.status}` : ""}`
    : before.status !== after.status ? `${shortId(id)}: ${before.status} → ${after.status}`
    : after.kind === "endpoint" ? null : `${shortId(id)} changed`,
  money: (_, before, after) =>
    before && after
      ? ["credits", "held"]
          .filter((name) => before[name] !== after[name])
          .map((name) => `${name} ${amount(before[name])} → ${amount(after[name])}`).join(", ")
      : "new account",
  faults: (_, before, after) =>
    !after ? `fault removed: ${before.kind} on ${before.operation}`
    : !before ? `fault added: ${after.kind} on ${after.operation}`
    : `fault met: ${after.kind} on ${after.operation}`,
  scripts: (id, _, after) => `script of ${id}: ${after ?? "removed"}`,
  deliveries: (number, _, after) => after && `delivery ${number}: ${after.event} ${outcomeOf(after)}, to ${after.url}`,
};

/** Return the outcome of a delivery in words. */
function outcomeOf({ status, response_status: response, error, fault, attempt }) {
  const why = response ?? error;
  const also = `${fault ? `, fault ${fault}` : ""}${attempt > 1 ? `, attempt ${attempt}` : ""}`;
  return `${status}${why ? ` (${why})` : ""}${also}`;
}

/** Return the statuses that a record has had up to a step, in order. */
function statusesOf(model, id, index) {
  const seen = [];
  const note = (record) => record?.status && record.status !== seen[seen.length - 1] && seen.push(record.status);
  note(own(model.data.start.records, id));
  for (const step of model.steps.slice(1, index + 1)) note(own(step.changes.records, id));
  return seen;
}

/** Return the rules that a call met: the rules of its refusal, and the other rules of its endpoint. */
function rulesOf(data, call) {
  const own = call.refusal_rules.filter((name) => call.rules.includes(name));
  const refusal = call.operation === null ? [] : own.length ? own : call.refusal_rules;
  const rows = (names) => names.filter((name) => data.rules[name]).map((name) => ({ name, ...data.rules[name] }));
  return { refusal: rows(refusal), endpoint: rows(call.rules.filter((name) => !refusal.includes(name))) };
}

/** Return the keys and the id of a request or a response, which belong to nobody else. */
const keysOf = ({ headers }) => headers.filter(([name]) => /^(idempotency-key|aurous-request-id)$/i.test(name)).flat();

const wordsOf = (filter) => filter.toLowerCase().split(/\s+/).filter(Boolean);

/** A word of a filter that stands for what a call is, not for what it contains. */
const TAG = /^(status|is|operation|team):/;
const tagsOf = ({ status, marks, operation, team }) => [`status:${String(status)[0]}xx`,
  ...marks.map((mark) => `is:${mark}`), `operation:${operation}`, `team:${team}`.toLowerCase()];

/**
 * Return the steps that contain all words of a filter; *bodies* are the steps that are known to, {word: seqs}. A word
 * that was not looked for, since it is in most bodies, is taken to be in a body that has another word.
 */
function filtered(steps, text, bodies) {
  const words = wordsOf(text);
  if (!words.length) return steps;
  return steps.filter((step) => {
    if (step.hidden) return false;
    const said = [step.request, step.response].filter(Boolean);
    const about = step.kind === "call"
      ? [`#${step.number}`, step.method, step.path, step.operation ?? "unmatched", step.status ?? "no response",
         step.error_code, step.fault, ...step.marks, ...said.flatMap((one) => [one.body?.text, ...keysOf(one)])]
      : [step.kind, ...(step.lines ?? []).map((line) => line.text)];
    const haystack = about.join(" ").toLowerCase();
    const known = (word) => own(bodies, word)?.includes(step.seq);
    const tags = step.kind === "call" ? tagsOf(step) : [];
    return words.every((word) => (TAG.test(word) ? tags.includes(word)
      : haystack.includes(word) || (known(word) ?? words.some(known))));
  });
}

/** Return how many pixels a wait gets: a logarithmic scale, up to four hours. */
const gapHeight = (seconds) => (seconds < 0.5 ? 0 : Math.round(Math.min(140, 10 * Math.log2(1 + seconds))));
