/** Heavy modules that are loaded once, when something first needs them; reading them here follows their arrival. */

type RichText = typeof import('./richText');
type Highlight = typeof import('./highlight');
type CodeDiff = typeof import('../replay/codeDiff');

let richText = $state.raw<RichText | null>(null);
let highlight = $state.raw<Highlight | null>(null);
let codeDiff = $state.raw<CodeDiff | null>(null);
let asked = { richText: false, highlight: false, codeDiff: false };

/** The markdown renderer, or null until it is here. */
export function markdown(): RichText | null {
  if (!asked.richText) {
    asked.richText = true;
    void import('./richText').then((module) => (richText = module));
  }
  return richText;
}

/** The code colourer, or null until it is here. */
export function colours(): Highlight | null {
  if (!asked.highlight) {
    asked.highlight = true;
    void import('./highlight').then((module) => (highlight = module));
  }
  return highlight;
}

/** What compares two snippets of code, or null until it is here. */
export function differ(): CodeDiff | null {
  if (!asked.codeDiff) {
    asked.codeDiff = true;
    void import('../replay/codeDiff').then((module) => (codeDiff = module));
  }
  return codeDiff;
}
