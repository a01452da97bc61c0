/** A Vite plugin: writes a page's script and style into the page, under a policy that allows these two and nothing else. */
import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';

type Assets = Record<string, { type: string; fileName: string; source?: string | Uint8Array; code?: string }>;

export function oneFile(): Plugin {
  return {
    name: 'one-file',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const assets = bundle as unknown as Assets;
        const page = only(assets, '.html');
        const script = inert(textOf(only(assets, '.js')));
        const style = textOf(only(assets, '.css'));
        if (/<\/style/i.test(style)) throw new Error('the style would end early');
        for (const name of Object.keys(assets)) if (assets[name] !== page) delete assets[name];
        page.source = written(textOf(page), script, style);
      },
    },
  };
}

function written(page: string, script: string, style: string): string {
  const bare = page.replace(/\s*<(script|link)[^>]*(src|href)="(?!data:)[^"]*"[^>]*>(<\/script>)?/g, '');
  const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; style-src-attr 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`;
  // Functions, because a text to be put in may hold what `replace` takes for a pattern.
  return bare
    .replace('<meta charset="utf-8" />', (found) => `${found}\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`)
    .replace('</head>', () => `  <style>${style}</style>\n  </head>`)
    .replace('</body>', () => `  <script type="module">${script}</script>\n  </body>`);
}

/** The script, unable to end the element that it stands in: `<` is the same character within its texts and patterns. */
const inert = (script: string): string => script.replace(/<(?=\/script|script|!--)/gi, '\\x3c');

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

function only(assets: Assets, ending: string): Assets[string] {
  const found = Object.values(assets).filter((asset) => asset.fileName.endsWith(ending));
  if (found.length !== 1 || !found[0]) throw new Error(`expected one ${ending} file, not ${found.length}`);
  return found[0];
}

function textOf(asset: Assets[string]): string {
  const content = asset.code ?? asset.source ?? '';
  return typeof content === 'string' ? content : new TextDecoder().decode(content);
}
