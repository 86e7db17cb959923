"use strict";
// The matrix of an exploration, and each case beside the good day.

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
  const one = own(exploration.cases, id);
  if (!one) return null;
  const [sign, name] = own(OUTCOMES, one.outcome) ?? ["?", one.outcome];
  const broken = one.broken.length > 0;
  const about = broken ? `breaks ${one.broken.join(", ")}${one.known ? `, known: ${one.known}` : ""}` : name;
  const kind = !broken ? one.outcome : one.known ? "known" : "broken";
  return html`<button type="button" class=${`cell ${kind}`} aria-pressed=${id === selected ? "true" : "false"}
    title=${visible(about)} aria-label=${visible(`${id}: ${broken ? `${name}, ` : ""}${about}`)}
    onClick=${() => onSelect(id)}>${!broken ? sign : one.known ? "k" : exploration.laws[one.broken[0]]}</button>`;
}

function Matrix({ exploration, selected, onSelect }) {
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
  const id = own(exploration.cases, selected) ? selected : breaking.find(Boolean) ?? ids[0];
  const [row, setRow] = useState({});
  const states = useRef(null);
  const good = exploration.good_day.calls, calls = own(exploration.cases, id)?.calls ?? [];
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
