/** Rendered markdown in which signs stand around what is changed: turned into deletions and insertions; what is far from any is left out. */
import { CLOSE, OPEN } from '../marked-text';

export interface MarkedHtml {
  html: string;
  /** Characters of the blocks that are left out. */
  hidden: number;
}

const SIGNED = new RegExp(`${OPEN}([^${OPEN}${CLOSE}]*)${CLOSE}`);
const SIGNS = new RegExp(`[${OPEN}${CLOSE}]`, 'g');
/** Fewer characters than these are not worth leaving out. */
const WORTH = 120;

/** Put `tag` around what has signs, and with `fold` leave out equal blocks that stand beside no change. */
export function markedHtml(html: string, tag: 'del' | 'ins', fold: boolean): MarkedHtml {
  const template = document.createElement('template');
  template.innerHTML = html;
  const texts = document.createTreeWalker(template.content, NodeFilter.SHOW_TEXT);
  const found: Text[] = [];
  while (texts.nextNode()) found.push(texts.currentNode as Text);
  for (const text of found) split(text, tag);
  const hidden = fold ? leaveOut(template.content, tag) : 0;
  return { html: template.innerHTML, hidden };
}

function split(text: Text, tag: string): void {
  const parts = text.data.split(SIGNED);
  if (parts.length === 1 && !text.data.match(SIGNS)) return;
  // The odd ones are what stood between the signs.
  text.replaceWith(...parts.map((part, place) => (place % 2 ? element(tag, part) : part.replace(SIGNS, ''))));
}

function element(tag: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function leaveOut(root: DocumentFragment, tag: string): number {
  const blocks = [...root.children];
  const changed = blocks.map((block) => block.matches(tag) || block.querySelector(tag) !== null);
  const far = blocks.filter((_, place) => !changed[place - 1] && !changed[place] && !changed[place + 1]);
  const hidden = far.reduce((sum, block) => sum + (block.textContent ?? '').length, 0);
  if (hidden < WORTH) return 0;
  for (const block of far) {
    if (block.previousElementSibling?.className === 'left-out') block.remove();
    else block.replaceWith(leftOut());
  }
  return hidden;
}

function leftOut(): HTMLElement {
  const sign = element('p', '…');
  sign.className = 'left-out';
  return sign;
}
