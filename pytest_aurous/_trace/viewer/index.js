"use strict";
// The list of traces.

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
  const text = ({ outcome, test, error = "", findings = [] }) =>
    `${outcome} ${test} ${error} ${findings.join(" ")}`.toLowerCase();
  const shown = rows
    .filter((row) => words.every((word) => text(row).includes(word)))
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
        <a href=${encodeURI(row.file)}><${Text} of=${names.join("::") || file} limit=${160} /></a>
        ${row.cases > 0 && html`<span class="about">Explored: ${row.breaking} of ${plural(row.cases, "case")}
          ${row.breaking === 1 ? " breaks" : " break"} a law</span>`}
        ${(row.findings ?? []).map((one) => html`<span class="about"><${Text} of=${one} limit=${300} /></span>`)}
        ${row.error && html`<span class="error"><${Text} of=${row.error} limit=${300} /></span>`}</td>
      ${numbers.map((one) => html`<td class="number">${one}</td>`)}</tr>`;
  };
  return html`<main class="index" id="main" tabindex="-1">
    <div class="pane-head"><h2>${plural(shown.length, "test")}</h2>
      <${Filter} label="Filter tests" value=${filter} onChange=${setFilter} /></div>
    <div class="matrix-box" tabindex="0" role="region" aria-label="Tests"><table class="tests">
      <thead><tr>${COLUMNS.map(heading)}</tr></thead><tbody>${shown.slice(0, 2000).map(line)}</tbody></table></div>
    ${!shown.length && html`<p class="empty">No test matches.</p>`}</main>`;
}
