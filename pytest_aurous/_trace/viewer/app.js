"use strict";
// The page: its head, its panes, and its keys.

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

/** What each page has: light or dark, and its keys. */
function Tools() {
  const box = useRef(null);
  const help = () => box.current.showModal();
  useKeys(({ key }) => {
    if (key === "?") help();
    if (key === "t") switchTheme();
  });
  return html`<button type="button" onClick=${switchTheme} aria-label="Light or dark" title="Light or dark  t">
      <${Icon} name="theme" /></button>
    <button type="button" onClick=${help} aria-label="Help" title="Keys  ?"><${Icon} name="help" /></button>
    <dialog ref=${box} aria-labelledby="help-title"><h2 id="help-title">Keys</h2>
      <dl>${KEYS.map(([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl>
      <form method="dialog"><button autofocus>Close</button></form></dialog>`;
}

function Top({ data, model, children }) {
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
      <${Tools} /></div></header>`;
}

/** Return the step of the address; or the last one that explains a failure, or else the last call, or the last step. */
const stepOf = ({ byId, steps, calls }, hash) =>
  byId.get(hash.slice(1)) ?? steps.findLast(explains) ?? calls.at(-1) ?? steps.at(-1);

/** The selected step, the steps that the list shows, and what selects and folds them. */
function useSteps(model, first, useBodies = () => undefined) {
  const [id, setId] = useState(first);
  const [open, setOpen] = useState(() => opened(new Set(), model.byId.get(first))); // of runs of polls
  const [filter, setFilter] = useState("");
  const [pane, setPane] = useState(/^#(call|step)/.test(location.hash) ? "call" : "calls");
  const bodies = useBodies(filter);
  const steps = useMemo(() => (filter ? filtered(model.steps, filter, bodies) : folded(model.steps, open)),
    [model, filter, open, bodies]);
  const step = model.byId.get(id) ?? model.steps.at(-1); // it may be gone from a live page
  const now = useRef(step); // the selection, also before the page is drawn again: keys may be faster
  now.current = step;

  const go = (to) => {
    now.current = model.byId.get(to) ?? now.current;
    setId(to);
    setOpen((before) => opened(before, model.byId.get(to)));
  };
  const select = (to, show = false) => {
    go(to);
    if (show) setPane("call");
    history.replaceState(null, "", `#${to}`);
    announce(nameOf(now.current, model));
  };
  const fold = (run) => {
    const closes = open.has(run.id);
    if (closes || step.index === run.last) select(model.steps[closes ? run.last : run.first].id);
    setOpen((before) => new Set(closes ? [...before].filter((one) => one !== run.id) : [...before, run.id]));
  };
  useKeys((event) => {
    const { target, key } = event;
    const { run, index } = now.current;
    if (key === "f" && run && !filter) return fold(run);
    const scrolls = target.closest?.(".pane.call .scroll, .pane.world .scroll");
    const here = steps.findIndex((one) => one.index >= index);
    const last = steps.length - 1;
    const slides = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
    const vertical = target.type === "range" ? slides : { ArrowUp: -1, ArrowDown: 1 };
    const ends = scrolls ? {} : { ...vertical, Home: -last, End: last };
    const jumps = { ArrowLeft: -1, k: -1, ArrowRight: 1, j: 1, ...ends };
    if (!(key in jumps)) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(last, (here < 0 ? last : here) + jumps[key]));
    if (steps[to]) select(steps[to].id);
  });
  const list = { model, steps, selected: step.id, open, filter, setFilter, onSelect: select, onFold: fold };
  return { step, go, select, pane, setPane, list: { ...list, show: () => setPane("calls") } };
}

/** The three columns: the calls, the selected step, and the state; a narrow screen shows one of them. */
function Columns({ pane, setPane, step, list, middle, world, children }) {
  const box = useRef(null);
  useLayoutEffect(() => { box.current.scrollTop = 0; }, [step.part ? `step-${step.part.of}` : step.id]);
  const which = step.kind === "call" ? `Call ${step.number}` : "Step";
  const panes = [["calls", "Calls"], ["call", which], ["world", "State"]];
  return html`<${Timeline} model=${list.model} selected=${step.id} onSelect=${list.onSelect} />
    <nav class="panes" aria-label="Panes">${panes.map(([name, title]) => html`<button type="button" key=${name}
      aria-current=${pane === name ? "true" : undefined} onClick=${() => setPane(name)}>${title}</button>`)}</nav>
    <main class="columns" id="main" tabindex="-1" data-pane=${pane}>
      <${Calls} ...${list}>${children}<//>
      <section class="pane call" aria-label="Selected step">
        <div class="scroll" ref=${box} tabindex="0" role="region" aria-label="Details">${middle}</div></section>
      ${world}</main>`;
}

const StepView = ({ model, step, onSelect }) => (step.kind === "call"
  ? html`<${CallView} model=${model} call=${step} onSelect=${onSelect} />`
  : html`<${BetweenView} key=${step.id} model=${model} step=${step} />`);

const stateAfter = ({ kind, number }) =>
  kind === "call" ? `State after call ${number}` : kind === "start" ? "State at the start" : "State after this step";

function Trace({ model }) {
  const { step, go, select, ...columns } = useSteps(model, stepOf(model, location.hash).id);
  useLayoutEffect(() => {
    const onHash = () => go(stepOf(model, location.hash).id);
    window.addEventListener("hashchange", onHash);
    return () => window.removeEventListener("hashchange", onHash);
  });
  const middle = html`<${StepView} ...${{ model, step }} onSelect=${select} />`;
  return html`<${Columns} ...${{ ...columns, step, middle }}
    world=${html`<${World} model=${model} index=${step.index} title=${stateAfter(step)} />`} />`;
}

function App({ data }) {
  const model = useMemo(() => (data.steps ? modelOf(data) : null), [data]);
  const [chosen, setChosen] = useState(() => decodeURIComponent(location.hash.replace(/^#case-/, "")));
  const isTrace = !data.exploration || /^#(call|step|start)/.test(location.hash);
  const [view, setView] = useState(isTrace ? "trace" : "exploration");
  const choose = (id) => {
    setChosen(id);
    history.replaceState(null, "", `#case-${encodeURIComponent(id)}`);
    announce(`Case ${id}`);
  };
  return html`<${Skip} />
    <${Top} data=${data} model=${view === "trace" ? model : null}>
      ${data.exploration && ["exploration", "trace"].map((name) => html`<button type="button" key=${name}
        aria-pressed=${view === name ? "true" : "false"} onClick=${() => setView(name)}>
        ${name === "trace" ? "Trace" : "Exploration"}</button>`)}<//>
    ${data.index ? html`<${Index} rows=${data.index} />`
      : view === "exploration" ? html`<${Exploration} data=${data} selected=${chosen} onSelect=${choose} />`
      : model ? html`<${Trace} model=${model} />`
      : html`<main id="main" tabindex="-1"><p class="empty">Nothing was recorded.</p></main>`}`;
}

function Skip() {
  const skip = (event) => { event.preventDefault(); document.getElementById("main").focus(); };
  return html`<a class="skip" href="#main" onClick=${skip}>Skip to the content</a>`;
}

/** Draws a page. */
const show = (page) => render(page, document.getElementById("app"));

const said = Object.assign(document.createElement("div"), { id: "said", role: "status" });
document.getElementById("app").insertAdjacentElement("afterend", said);
