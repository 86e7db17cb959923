"use strict";
// The page of a served fake: the viewer over what the server sends, and what it lets its reader do.

const HOME = "/__aurous__/";
/** Show at most this many steps. */
const MOST = 10000;

/** Ask the server for text; with a body of JSON, by POST. Throws what it refused, with its `status`. */
async function askText(path, body) {
  const post = { method: "POST", headers: { "Content-Type": "application/json" }, body };
  const response = await fetch(HOME + path, body === undefined ? {} : post).catch(() => {
    throw new Error("The server does not respond. Is it still running?");
  });
  const text = await response.text();
  if (response.ok) return text;
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  const found = isJson ? JSON.parse(text) : {};
  if (found.operation) return text; // an assertion that fails is an action, too
  const error = new Error(found.error ?? `The server responded with ${response.status}.`);
  throw Object.assign(error, { status: response.status });
}

const ask = async (path, body) => JSON.parse(await askText(path, body && JSON.stringify(body)));

/** While requests arrive, pause for this many times what loading took, so that they cost hardly more. */
const SHARE = 30;
/** The longest pause, in ms: also when loading is slow, a request is shown within a second. */
const PAUSE = 500;

/**
 * Return what *load* returned for the latest key: one at a time, and after each a pause, *shares* times what it took.
 * What the reader does, which changes *hurry*, ends the pause.
 */
function useLatest(key, load, shares, hurry) {
  const [found, setFound] = useState({});
  const wanted = useRef(null), busy = useRef(false), resume = useRef(null);
  useEffect(() => {
    wanted.current = { key, load };
    const work = async () => {
      while (wanted.current) {
        const one = wanted.current, began = performance.now();
        wanted.current = null;
        const value = await one.load(one.key).catch((error) => ({ error }));
        setFound({ key: one.key, value });
        const took = performance.now() - began;
        await new Promise((done) => {
          resume.current = done;
          setTimeout(done, Math.min(PAUSE, Math.max(50, shares * took)));
        });
      }
      busy.current = false;
    };
    if (!busy.current) {
      busy.current = true;
      work();
    }
  }, [key]);
  useEffect(() => resume.current?.(), [hurry]);
  return found;
}

/** Return a state after changes; what has not changed stays the same object. */
function after(state, changes) {
  const next = sectionsOf(state);
  apply({ changes }, next);
  return next;
}

/** Return the present: what is *known*, changed, with all buckets of a team, also those that are full. */
async function presentOf(team, known) {
  const [present, limits] = await Promise.all([ask(`present?since=${known.name ?? ""}`), ask("limits")]);
  const before = known.bare ?? known.state, bare = after(before, present.changes ?? changesTo(before, present.state));
  const buckets = Object.fromEntries(limits.map((one) => [`${team} ${one.name}`, one]));
  const pictures = { ...known.pictures, ...present.pictures };
  return { ...present, pictures, bare, state: { ...bare, buckets: { ...buckets, ...bare.buckets } } };
}

// ---------------------------------------------------------------------------------------------- models
/** Return the model with more steps; where there are too many, the oldest go. */
function grown(model, steps) {
  const next = { ...model };
  for (const step of steps) add(next, step);
  return next.steps.length < MOST * 1.1 ? next : without(next, next.steps.length - MOST);
}

/** Return the model without its first *count* steps. */
function without({ data, steps }, count) {
  const start = { ...data.start, money: steps[count].money };
  const model = modelOf({ ...data, start, steps: steps.slice(count + 1) });
  return { ...model, data: { ...model.data, steps: [] } };
}

/** Return what leads from one state to another; what is the same object is not compared. */
function changesTo(from, to) {
  const changes = {};
  for (const [section, values] of Object.entries(to)) {
    const old = from[section] ?? {};
    const isNew = ([id, value]) => value !== own(old, id) && JSON.stringify(value) !== JSON.stringify(own(old, id));
    const gone = Object.keys(old).filter((id) => !Object.hasOwn(values, id)).map((id) => [id, null]);
    changes[section] = Object.fromEntries([...Object.entries(values).filter(isNew), ...gone]);
  }
  return changes;
}

const leading = (from, to, at) => ({ kind: "between", at, events: [], notes: [], changes: changesTo(from, to) });

/** Return a small trace: each step is what `steps/SEQ` returned, with the state around it if that was asked for. */
function traceOf(data, details) {
  const steps = [];
  let state = data.start;
  for (const { step, before, after } of details) {
    if (before) steps.push(leading(state, before, step.arrived ?? step.at));
    steps.push(step);
    state = after ?? state;
  }
  const { rules, pictures, after } = details.at(-1);
  return { ...modelOf({ ...data, rules, pictures, steps }), whole: Boolean(after) };
}

/** Return a small trace that leads to the present; its last step is what has changed since *before*. */
const traceTo = (data, before, { state, now }) =>
  modelOf({ ...data, steps: [leading(data.start, before, now), leading(before, state, now)] });

/** Return the money over the steps, and then the money of a state. */
const moneyTo = (money, { state, spent }) => Object.fromEntries(
  Object.entries(state.money).map(([team, { available, held }]) => {
    const before = own(money, team) ?? [];
    return [team, [...before, { available, held, spent: own(spent, team) ?? 0 }]];
  }));

// ------------------------------------------------------------------------------------------------ views
/** What was done last from this page, with its curl and its Python, and the way back. */
function LastAction({ done, act, onClose }) {
  const { action, error } = done;
  return html`<aside class=${`last-action ${error ? "bad" : ""}`} aria-label="Last action">
    <p>${error ? html`<strong>Refused.</strong> <${Prose} text=${error.message} />`
      : html`<${Text} of=${action.line} limit=${300} />`}</p>
    ${action && html`<div class="controls">
      ${action.undo && html`<button type="button" onClick=${() => act("restore", { snapshot: action.undo })}>
        <${Icon} name="undo" />Undo</button>`}
      <${Copy} label="Python" what="line of Python" of=${action.number} text=${() => action.python}
        title=${action.python} />
      <${Copy} label="curl" what="curl" of=${action.number} text=${() => action.curl} title=${action.curl} /></div>`}
    <button type="button" onClick=${onClose} aria-label="Close">×</button></aside>`;
}

/** How to begin, where nothing has arrived yet. */
function Welcome({ url, act }) {
  const key = () => ask("state").then((state) => state.api_key); // too long to be shown
  const curl = (value) => `curl ${url}/v1/characters -H "X-API-Key: ${value}"`;
  const rows = [
    ["AUROUS_BASE_URL", `export AUROUS_BASE_URL=${url}`, () => `export AUROUS_BASE_URL=${url}`],
    ["AUROUS_API_KEY", "export AUROUS_API_KEY=…", () => key().then((value) => `export AUROUS_API_KEY=${value}`)],
    ["curl", curl("…"), () => key().then(curl)],
  ];
  const order = { name: "Aurora", generate: true, attributes: { age: 28 } };
  const sent = { method: "POST", path: "/v1/characters", body: JSON.stringify(order) };
  return html`<article class="welcome"><h2>Nothing has arrived yet</h2>
    <p>Let your client use this URL and this key. Each request shows here as it arrives.</p>
    ${rows.map(([label, shown, text]) => html`<div class="recipe" key=${label}><code>${shown}</code>
      <${Copy} label=${label} what=${label} of="welcome" text=${text} /></div>`)}
    <p class="about">The buttons copy the real key. For a first request:</p>
    <button type="button" class="primary" onClick=${() => act("send", sent)}>Create a character</button></article>`;
}

/** The session as a test, shown before it is copied: from which request to which, under a name. */
function Session({ model, last }) {
  const box = useRef(null), begin = useRef(null);
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState({});
  const seqOf = (number) => model.calls.findLast((call) => call.number === Number(number))?.seq;
  const missing = [asked.from, asked.to].find((number) => number?.trim() && !seqOf(number));
  const query = new URLSearchParams();
  if (seqOf(asked.from)) query.set("after", seqOf(asked.from) - 1);
  if (seqOf(asked.to)) query.set("until", seqOf(asked.to));
  if (asked.name?.trim()) query.set("name", asked.name);
  const { value } = useLatest(`${open && last} ${query}`, async () => open && askText(`session.py?${query}`), 1, open);
  const text = typeof value === "string" && !missing ? visible(value) : "", start = text.search(/^def test_/m);
  useLayoutEffect(() => { // what it needs stands above the test
    if (text) begin.current.parentElement.scrollTop = begin.current.offsetTop - begin.current.parentElement.offsetTop;
  }, [text === ""]);
  const field = (name, label, more) => html`<label class="field"><span>${label}</span>
    <input ...${more} value=${asked[name] ?? ""} autocomplete="off"
      onInput=${({ target }) => setAsked((before) => ({ ...before, [name]: target.value }))} /></label>`;
  const show = () => {
    box.current.showModal();
    setOpen(true);
  };
  return html`<button type="button" onClick=${show}><${Icon} name="copy" />Session as a test</button>
    <dialog ref=${box} class="wide" aria-labelledby="session-title" onClose=${() => setOpen(false)}>
      <h2 id="session-title">The session as a test</h2>
      <p class="about">All actions and requests since the last reset, as one pytest test. It tests the fake as the
        session used it; let your application send the requests instead.</p>
      <div class="fields">${field("from", "from call", { inputmode: "numeric", placeholder: "the first" })}
        ${field("to", "to call", { inputmode: "numeric", placeholder: "the last" })}
        ${field("name", "name", { placeholder: "copied" })}</div>
      <pre tabindex="0" aria-label="The test">${text ? html`${text.slice(0, start)}<span ref=${begin}></span>
        ${text.slice(start)}` : missing ? `There is no call ${visible(missing)} in the list.`
        : value?.error?.message ?? "Loading…"}</pre>
      <form method="dialog" class="controls">
        ${text && html`<${Copy} label="Copy" what="session as a test" of=${value} text=${() => value} />`}
        <button>Close</button></form></dialog>`;
}

/** Return which steps have a word of a filter in a body or as a key: {word: [seq, ...]}, if it was looked for. */
function useBodies(filter, last, searching) {
  const words = wordsOf(filter).filter((word) => !TAG.test(word));
  const look = async (word) => {
    const spelled = `${word} ${JSON.stringify(word).slice(1, -1)}`; // in a body, quotes and backslashes are escaped
    const lists = Object.values(await ask(`search?text=${encodeURIComponent(spelled)}`)); // their names are redacted
    return lists.length ? [[word, lists.flat()]] : [];
  };
  const load = () => Promise.all(words.map(look)).then((found) => Object.fromEntries(found.flat()), () => undefined);
  const { key, value } = useLatest(`${last} ${words.join(" ")}`, load, SHARE, filter);
  searching.current = words.length > 0 && key?.slice(key.indexOf(" ") + 1) !== words.join(" ");
  return value;
}

function LiveTop({ data, model, feed, faults, children }) {
  const [tone, status] = !feed.connected ? ["bad", "reconnecting"] : feed.paused
    ? ["plain", `paused, ${feed.waiting} new`] : ["good", "live"];
  return html`<header class="page-head"><div class="title">
      <h1>The served fake <span class="file">${data.url}</span></h1>
      <p class="facts"><span class=${`status ${tone}`}>${status}</span>
        <span>${plural(model.calls.length, "call")}</span><span>${plural(feed.credits, "credit")} spent</span>
        ${faults > 0 && html`<span class="mark fault"><${Icon} name="fault" />${plural(faults, "fault")} armed</span>`}
      </p></div>
    <div class="tools">${children}<${Tools} /></div></header>`;
}

/** Return the teams of a state: {id: {name, color}}, with colors that are far from each other. */
const teamsOf = (state) => dictionary(Object.fromEntries(Object.keys(state.money).map((id, at) =>
  [id, { name: own(state.records, id)?.json.name ?? shortId(id), color: `hsl(${(210 + at * 137) % 360} 60% 50%)` }])));

/** Return what a state has of one team, and what belongs to none. */
function stateOfTeam(state, team) {
  const part = (section, mine) =>
    ({ [section]: Object.fromEntries(Object.entries(state[section]).filter(([id, one]) => mine(id, one))) });
  const begins = (id) => id.startsWith(`${team} `);
  return { ...state, ...part("records", (id, one) => (one.kind === "team" ? id === team : (one.team ?? team) === team)),
    ...part("money", (id) => id === team), ...part("buckets", begins), ...part("keys", begins) };
}

/** What the list is filtered by: each button and choice is a word of the filter. */
function Chips({ model, teams, filter, setFilter }) {
  const words = wordsOf(filter);
  const operations = useMemo(() => [...new Set(model.calls.map(({ operation }) => operation))].filter(Boolean).sort(),
    [model]);
  const set = (kind, word) =>
    setFilter([...words.filter((one) => !one.startsWith(`${kind}:`)), word].filter(Boolean).join(" "));
  const chip = (label, word) => html`<button type="button" class="chip"
    aria-pressed=${words.includes(word) ? "true" : "false"}
    onClick=${() => set(word.split(":")[0], words.includes(word) ? "" : word)}>${label}</button>`;
  const choice = (kind, all, options) => html`<select class="chip" aria-label=${capital(kind)}
    value=${words.find((word) => word.startsWith(`${kind}:`)) ?? ""} onInput=${({ target }) => set(kind, target.value)}>
    <option value="">${all}</option>
    ${options.map(([id, name]) => html`
      <option key=${id} value=${`${kind}:${id}`.toLowerCase()}>${visible(name)}</option>`)}
    </select>`;
  const several = Object.entries(teams);
  return html`<div class="chips" role="group" aria-label="Filters">
    ${chip("4xx", "status:4xx")}${chip("5xx", "status:5xx")}${chip("Faults", "is:fault")}
    ${choice("operation", "All operations", operations.map((one) => [one, one]))}
    ${several.length > 1 && choice("team", "All teams", several.map(([id, { name }]) => [id, name]))}</div>`;
}

/** What the list does not show, and why. */
function Missing({ model, feed, cleared, searching, reload }) {
  const first = model.steps[1]?.seq ?? feed.last + 1;
  const earlier = first - 1, keep = model.data.keep;
  const again = html`<button type="button" onClick=${reload}>Show again</button>`;
  const dropped = plural(earlier, "earlier step");
  const most = feed.dropped >= earlier ? `the server keeps the last ${keep.toLocaleString("en")}`
    : `this page shows the last ${MOST.toLocaleString("en")}`;
  return html`${searching && html`<p class="missing" role="status">Searching the bodies…</p>`}
    ${feed.missed > 0 && html`<p class="missing">${plural(feed.missed, "step")} missing in between:
      they came faster than this page read them.</p>`}
    ${cleared > feed.dropped ? html`<p class="missing">Cleared here; the fake stays as it is. ${again}</p>`
      : earlier > 0 && html`<p class="missing">${dropped} dropped: ${most}.</p>`}`;
}

function Watched({ data, actions, reload }) {
  const [model, setModel] = useState(() => modelOf(data));
  const [feed, setFeed] = useState(() => {
    const { last, dropped, credits } = data;
    return { last, dropped, credits, connected: true, paused: false, waiting: 0, missed: 0 };
  });
  const [cleared, setCleared] = useState(0);
  const [following, setFollowing] = useState(!model.byId.has(location.hash.slice(1)));
  const [past, setPast] = useState(!following); // whether the state is the state after the selected step
  const [done, setDone] = useState(null);
  const [acted, setActed] = useState(0);
  const waiting = useRef([]), read = useRef(data.last), searching = useRef(false);

  const [first] = useState(() => (following ? model.steps.at(-1) : stepOf(model, location.hash)).id);
  const { step, go, select, ...columns } = useSteps(model, first, (filter) => useBodies(filter, feed.last, searching));
  const choose = (id, show) => {
    if (id !== step.id) history.pushState(null, "", `#${id}`);
    select(id, show);
    setFollowing(false);
    setPast(true);
  };
  const follow = () => {
    setFollowing(true);
    setPast(false);
  };
  useEffect(() => { // the way back leads to the step before, and then to the list
    const back = () => {
      const { id } = model.byId.get(location.hash.slice(1)) ?? {};
      setFollowing(!id);
      setPast(Boolean(id));
      if (id) go(id);
      else columns.setPane("calls");
    };
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  });
  useEffect(() => { if (!data.last) columns.setPane("call"); }, []); // which helps to begin
  useLayoutEffect(() => { if (following) go(model.steps.at(-1).id); }, [model, following]);
  useEffect(() => {
    const scroll = ({ target }) => { if (target.closest?.(".calls .scroll")) setFollowing(false); };
    for (const kind of ["wheel", "touchmove"]) document.addEventListener(kind, scroll, { passive: true });
    return () => ["wheel", "touchmove"].forEach((kind) => document.removeEventListener(kind, scroll));
  }, []);

  // New steps, and whether the server is there.
  const arrive = useRef(null);
  arrive.current = ({ server, steps, last, dropped, credits, missed }) => {
    if (server !== data.server) return reload(); // another one, on the same port
    read.current = last;
    if (feed.paused) waiting.current = [...waiting.current, ...steps].slice(-MOST);
    else if (steps.length) setModel((before) => grown(before, steps));
    const news = { last, dropped, credits, missed: feed.missed + missed };
    setFeed((before) => ({ ...before, ...news, waiting: waiting.current.length }));
  };
  useEffect(() => {
    let events, lost;
    const open = () => {
      events = new EventSource(`${HOME}events?after=${read.current}`);
      events.addEventListener("steps", (event) => arrive.current(JSON.parse(event.data)));
      events.onerror = () => { // the server also ends a stream so that others of this browser have their turn
        lost ??= setTimeout(() => setFeed((before) => ({ ...before, connected: false })), 3000);
        if (events.readyState === EventSource.CLOSED) reload();
      };
      events.onopen = () => {
        clearTimeout(lost);
        lost = undefined;
        setFeed((before) => ({ ...before, connected: true }));
      };
    };
    const look = () => { // a tab that nobody sees has no connection: a browser opens six to a server
      events?.close();
      if (!document.hidden) open();
    };
    if (!document.hidden) open();
    document.addEventListener("visibilitychange", look);
    return () => {
      events?.close();
      clearTimeout(lost);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  const pause = () => {
    const steps = waiting.current;
    waiting.current = [];
    if (feed.paused) setModel((before) => grown(before, steps));
    setFeed({ ...feed, paused: !feed.paused, waiting: 0 });
    announce(feed.paused ? "Live" : "Paused");
  };
  const clear = () => {
    setModel(without(model, model.steps.length - 1));
    setCleared(feed.last);
    follow();
    announce("Cleared");
  };

  // The present, and the selected step.
  const standard = Object.keys(data.start.money)[0];
  const known = useRef(data); // the last one, also while the server is away
  const loaded = useLatest(`${feed.last} ${acted}`, () => presentOf(standard, known.current), SHARE, acted).value;
  if (loaded?.state) known.current = loaded;
  const present = known.current, { state } = present;
  const seen = useRef([state, state]);
  if (seen.current[1] !== state) seen.current = [seen.current[1], state];
  const now = useMemo(() => traceTo(data, seen.current[0], present), [state]);
  const { seq } = step, sent = (one) => model.sent.get(one);
  const key = `${seq} ${past} ${sent(step.part?.of ?? seq)?.ended ?? ""}`; // at its end, a stream has a body
  const detail = useLatest(key, async () => {
    if (!seq) return null;
    const earlier = step.previous?.seq;
    const found = await Promise.all([earlier && ask(`steps/${earlier}?states=false`).catch(() => null),
      ask(`steps/${seq}?states=${past}`)]); // two states may be large, and only the past shows them
    return { ...traceOf(data, found.filter(Boolean)), seq };
  }, following ? SHARE : 1, `${acted} ${past} ${following || step.seq}`);
  useEffect(() => { // changes that no request has shown yet
    const look = () => setActed((count) => count + 1);
    window.addEventListener("focus", look);
    return () => window.removeEventListener("focus", look);
  }, []);
  const keys = useLatest(`${acted} ${Object.keys(state.money)}`, () => ask("keys"), 1, acted).value ?? [];

  /** Does an action; what it destroys can be brought back. *sent* may also be the text of a JSON object. */
  const act = async (operation, sent) => {
    const { destroys } = actions.find((one) => one.operation === operation) ?? {};
    const body = typeof sent === "string" ? sent : JSON.stringify(sent);
    try {
      const action = JSON.parse(await askText(`${operation}${destroys ? "?undo=1" : ""}`, body));
      setDone({ action });
      announce(action.line);
      setActed((count) => count + 1);
      if (operation === "send") choose(`step-${action.result.seq}`, true);
      return action;
    } catch (error) {
      if (error.status === 401) reload();
      setDone({ error });
      announce(error.message);
      return undefined;
    }
  };
  const clock = useMemo(() => ({ ...present.clock, now: present.now }), [present]);
  const controls = controlsOf({
    actions, act, keys: keys.error ? [] : keys, snapshots: present.snapshots, clock, standard,
    settings: present.settings,
    show: (error) => setDone({ error }),
  });
  const toggle = (on, click, label) => html`<button type="button" aria-pressed=${on ? "true" : "false"}
    onClick=${click}>${label}</button>`;
  const which = html`<div class="controls">${toggle(!past, () => setPast(false), "Now")}
    ${toggle(past, () => setPast(true), step.kind === "call" ? `Call ${step.number}` : "Step")}</div>
    ${past && html`<p class="about">This was then. To change the fake, choose Now.</p>`}`;
  const drawn = useRef(); // of the step before, while one loads; what nobody waits for any more is never drawn
  if (following || detail.value?.seq === seq || !detail.value?.steps) drawn.current = detail.value;
  const small = drawn.current?.steps && { ...drawn.current, money: model.money };
  const ready = small?.seq === seq;
  const last = small?.steps.at(-1), text = sent(last?.seq)?.text;
  const shown = useMemo(() => last && { ...last, sent: text }, [last, text]);
  const wait = html`<p class="empty">${drawn.current?.error?.message ?? "Loading…"}</p>`;
  const view = !feed.last ? html`<${Welcome} url=${data.url} act=${act} />`
    : !step.seq ? html`<${StepView} ...${{ model, step }} onSelect=${choose} />`
    : small ? html`<${StepView} model=${small} step=${shown} onSelect=${choose} />` : wait;
  const stay = () => { // a form must not vanish, also where a newer step has arrived that is not shown yet
    setFollowing(false);
    if (following && last && last.seq !== (step.part?.of ?? seq)) go(`step-${last.seq}`);
  };
  const middle = html`<div onFocusCapture=${stay}>${view}</div>`;
  const teams = useMemo(() => teamsOf(state), [state]);
  const chosen = Object.keys(teams).find((id) => wordsOf(columns.list.filter).includes(`team:${id}`.toLowerCase()));
  const part = useMemo(() => (all) => (chosen ? stateOfTeam(all, chosen) : all), [chosen]);
  const world = !past
    ? html`<${World} key="now" model=${{ ...now, pictures: present.pictures, money: moneyTo(model.money, present) }}
        index=${2} at=${Infinity} title="State now" part=${part}>${which}<//>`
    : !step.seq ? html`<${World} key="past" ...${{ model, index: 0, part }} title=${stateAfter(step)}>${which}<//>`
    : ready && small.whole ? html`<${World} key="past" model=${small} index=${shown.index} at=${step.index} part=${part}
        title=${stateAfter(step)}>${which}<//>`
    : html`<section class="pane world"><div class="pane-head"><h2>${stateAfter(step)}</h2>${which}</div>
        <div class="scroll">${wait}</div></section>`;
  const armed = Object.values(state.faults).filter(({ fired, times }) => times === null || fired < times).length;
  const toControls = (event) => {
    event.preventDefault();
    columns.setPane("world");
    setPast(false);
    requestAnimationFrame(() => document.querySelector(".pane.world .section .controls button").focus());
  };
  return html`<${Skip} /><a class="skip" href="#main" onClick=${toControls}>Skip to the controls</a>
    <${LiveTop} ...${{ data, model, feed }} faults=${armed}>
      <${Session} model=${model} last=${feed.last} />
      <${Har} show=${(error) => setDone({ error })} />
      <${Control} action=${actions.find(({ operation }) => operation === "reset")} label="Reset" act=${act}
        fixed=${{ settings: undefined }} /><//>
    <${Controls.Provider} value=${controls}>
      <${Columns} ...${{ ...columns, step, middle }} list=${{ ...columns.list, onSelect: choose,
        teams: Object.keys(teams).length > 1 && teams, searching: searching.current }}
        world=${html`<${Controls.Provider} value=${past ? null : controls}>${world}<//>`}>
        <div class="feed">${toggle(following, () => (following ? setFollowing(false) : follow()), "Follow")}
          ${toggle(feed.paused, pause, feed.paused && feed.waiting ? `Pause (${feed.waiting} new)` : "Pause")}
          <button type="button" onClick=${clear} title="Empties this list; the fake stays as it is">Clear</button></div>
        <${Chips} ...${{ model, teams }} filter=${columns.list.filter} setFilter=${columns.list.setFilter} />
        <${Missing} ...${{ model, feed, cleared, reload }} searching=${searching.current} /><//>
      ${done && html`<${LastAction} ...${{ done, act }} onClose=${() => setDone(null)} />`}<//>`;
}

function Har({ show }) {
  const save = () => askText("calls.har").then((har) => download("aurous.har", "application/json", har), show);
  return html`<button type="button" onClick=${save}><${Icon} name="save" />HAR</button>`;
}

/** Asks for the token of the server. */
function Login({ onDone }) {
  const [wrong, setWrong] = useState("");
  const submit = async (event) => {
    event.preventDefault();
    const token = new FormData(event.target).get("token");
    await ask("login", { token }).then(onDone, (error) => setWrong(error.message));
  };
  return html`<main id="main" class="login"><form class="form" onSubmit=${submit}>
    <h1>The served fake</h1>
    <p>The page needs the token of this server: what <code>AUROUS_CONTROL_TOKEN</code> had where it was started.
      Without that, the server has printed one.</p>
    <input name="username" value="aurous" autocomplete="username" hidden />
    <label class="field"><span>token</span>
      <input name="token" type="password" autocomplete="current-password" required autofocus /></label>
    ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
    <button class="primary">Watch</button></form></main>`;
}

/** Loads the page; and again, where another server or nobody responds. */
function Live() {
  const [found, setFound] = useState({});
  const load = () => Promise.all([ask(`trace?limit=${MOST}`), ask("openapi.json")]).then(
    ([data, described]) => {
      const state = after(data.start, changesTo(data.start, data.state));
      setFound({ data: { ...data, state }, actions: operationsOf(described), at: Date.now() });
    },
    (error) => setFound({ error }));
  useEffect(() => { load(); }, []);
  useEffect(() => {
    if (!found.error || found.error.status === 401) return undefined;
    const timer = setTimeout(load, 2000);
    return () => clearTimeout(timer);
  }, [found]);
  if (found.error?.status === 401) return html`<${Login} onDone=${load} />`;
  if (!found.data) {
    return html`<main id="main" class="login"><p role="status">${found.error?.message ?? "Loading…"}</p></main>`;
  }
  return html`<${Watched} key=${found.at} ...${found} reload=${load} />`;
}

show(html`<${Live} />`);
