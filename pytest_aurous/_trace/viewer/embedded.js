"use strict";
// The page of a trace: the file has its data embedded.

const source = { load: () => JSON.parse(document.getElementById("data").textContent) };
show(html`<${App} data=${source.load()} />`);
