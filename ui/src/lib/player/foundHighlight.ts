/**
 * Marks a text that was found wherever it stands in an element, by the browser's own highlights: the page's elements, among
 * them sanitised ones, stay as they are. A browser without highlights shows none.
 */

const NAME = 'found';
const MOST = 2_000;

/** An attachment that keeps the occurrences of `query` marked while the element changes. */
export function highlightFound(query: string): (element: HTMLElement) => (() => void) | undefined {
  return (element) => {
    const wanted = query.trim().toLowerCase();
    if (wanted.length < 2 || !('highlights' in CSS)) return undefined;
    let frame = 0;
    const key = `${NAME}-${element.dataset.found ?? ''}`;
    const mark = (): void => {
      frame = 0;
      CSS.highlights.set(key, new Highlight(...rangesOf(element, wanted)));
    };
    const observer = new MutationObserver(() => (frame ||= requestAnimationFrame(mark)));
    observer.observe(element, { childList: true, characterData: true, subtree: true });
    mark();
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      CSS.highlights.delete(key);
    };
  };
}

function rangesOf(element: HTMLElement, wanted: string): Range[] {
  const ranges: Range[] = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node && ranges.length < MOST; node = walker.nextNode()) {
    const text = (node.nodeValue ?? '').toLowerCase();
    // Lower case may be longer than what was written; then places in it mean nothing.
    if (text.length !== node.nodeValue?.length) continue;
    for (let at = text.indexOf(wanted); at >= 0 && ranges.length < MOST; at = text.indexOf(wanted, at + wanted.length)) {
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, at + wanted.length);
      ranges.push(range);
    }
  }
  return ranges;
}
