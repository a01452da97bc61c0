import { expect, test } from 'vitest';

const sources: Record<string, string> = import.meta.glob(['../**/*.svelte', '../**/*.css', '!../components/settings/**', '!./settings.css'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
const SPACED = /^\s*((?:[a-z-]+-)?(?:gap|padding)(?:-[a-z-]+)?):([^;]+);/gm;

/** Gaps and paddings in pixels that are beside the grid of 4; a hairline is none. */
function beside(source: string): string[] {
  const css = source.slice(Math.max(0, source.lastIndexOf('<style>')));
  return [...css.matchAll(SPACED)]
    .filter(([, , value = '']) => [...value.matchAll(/([\d.]+)px/g)].some(([, size]) => Number(size) > 1.5 && Number(size) % 4 !== 0))
    .map(([declaration]) => declaration.trim());
}

test('gaps and paddings stand on a grid of four pixels', () => {
  const found = Object.entries(sources).flatMap(([file, source]) => beside(source).map((declaration) => `${file}: ${declaration}`));
  expect(Object.keys(sources).length).toBeGreaterThan(80);
  expect(found).toEqual([]);
});
