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
