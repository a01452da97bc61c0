/**
 * Markdown to harmless HTML; loaded when the first text is shown. What was recorded is hostile: raw HTML stays text, links lead
 * nowhere, pictures are shown only when they carry their own bytes, and DOMPurify goes over the result.
 */

import DOMPurify from 'dompurify';
import MarkdownIt, { type MarkdownIt as Markdown } from 'markdown-it';
import { markedHtml, type MarkedHtml } from './markedHtml';

const IMAGE = /^data:image\/(png|jpe?g|gif|webp|avif|bmp);base64,/i;
const TAGS = (
  'p br strong em s code pre span ul ol li blockquote table thead tbody tr th td hr img'
).split(' ');
const BLOCKS = ['paragraph_open', 'list_item_open', 'blockquote_open'] as const;

export type Highlighter = (code: string, language: string) => string | null;

let highlighter: Highlighter | null = null;
let colouring = true;

const markdown: Markdown = new MarkdownIt({
  html: false,
  linkify: false,
  breaks: true,
  highlight: (code, language) => (colouring && highlighter?.(code, language)) || '',
});
markdown.validateLink = () => true;
quieten(markdown);

/** Colour the code of fences from now on. */
export function colourWith(next: Highlighter): void {
  highlighter = next;
}

/** HTML that may stand in the page. */
export const render = (text: string): string => purified(markdown.render(text), TAGS);

/** The same of a text with signs around what is changed, as deletions or insertions; its code has no colours. */
export function renderMarked(text: string, tag: 'del' | 'ins', fold: boolean): MarkedHtml {
  colouring = false;
  try {
    const marked = markedHtml(render(text), tag, fold);
    return { ...marked, html: purified(marked.html, [...TAGS, tag]) };
  } finally {
    colouring = true;
  }
}

function purified(html: string, tags: string[]): string {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: tags,
    ALLOWED_ATTR: ['class', 'title', 'alt', 'src', 'dir', 'start', 'tabindex'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ADD_URI_SAFE_ATTR: ['dir', 'start', 'tabindex'],
    ALLOWED_URI_REGEXP: IMAGE,
  });
}

/** Links become marked text, headings paragraphs, pictures from elsewhere a note; every block finds its own direction. */
function quieten(md: Markdown): void {
  const { rules } = md.renderer;
  const escape = (text: string | number): string => md.utils.escapeHtml(String(text));
  for (const name of BLOCKS) {
    rules[name] = (tokens, i) => {
      const tag = tokens[i]?.tag ?? 'p';
      return tokens[i]?.hidden ? '' : `<${tag} dir="auto">`;
    };
  }
  // What may be wider than its place scrolls, and must be reachable by keyboard.
  // A column's side is a class: the page's policy forbids styles in the text.
  for (const [name, tag] of [['th_open', 'th'], ['td_open', 'td']] as const) {
    rules[name] = (tokens, i) => {
      const side = /text-align:(center|right)/.exec(String(tokens[i]?.attrGet('style') ?? ''))?.[1];
      return `<${tag} dir="auto"${side ? ` class="${side}"` : ''}>`;
    };
  }
  const fence = rules.fence;
  if (fence) rules.fence = (...given) => fence(...given).replace(/^<pre>/, '<pre tabindex="0">');
  rules.table_open = () => '<table tabindex="0">';
  rules.heading_open = (tokens, i) => `<p class="heading ${tokens[i]?.tag ?? 'h1'}" dir="auto">`;
  rules.heading_close = () => '</p>';
  rules.link_open = (tokens, i) => `<span class="link" title="${escape(tokens[i]?.attrGet('href') ?? '')}">`;
  rules.link_close = () => '</span>';
  rules.image = (tokens, i) => {
    const src = String(tokens[i]?.attrGet('src') ?? '');
    const alt = escape(tokens[i]?.content ?? '');
    if (IMAGE.test(src)) return `<img src="${escape(src)}" alt="${alt || 'picture'}">`;
    return `<span class="blocked" title="${escape(src)}">picture not loaded${alt && `: ${alt}`}</span>`;
  };
}
