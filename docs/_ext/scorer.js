// Ranks the results of the site's search: headings first, then guides before the reference before Fidelity.
const groups = [/^(tutorial|cheat-sheet|decide)$/, /^(how-to|examples)\//, /^reference\//];
var Scorer = {
  score: ([page, , , , score, , kind]) => {
    const group = groups.findIndex((pages) => pages.test(page));
    const heading = kind === "title" ? 1000 : 0; // more than a count of words reaches
    return heading + 100 * (groups.length - (group < 0 ? groups.length : group)) + score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
