/** Heavy modules that are loaded once, when something first needs them; reading them here follows their arrival. */

type RichText = typeof import('./richText');
type Highlight = typeof import('./highlight');

let richText = $state.raw<RichText | null>(null);
let highlight = $state.raw<Highlight | null>(null);
let asked = { richText: false, highlight: false };

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
