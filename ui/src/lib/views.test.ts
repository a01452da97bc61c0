import { expect, test } from 'vitest';
import { MOST_VIEWS, readViews, viewOf, viewPath, withView } from './views';

test('what was kept is read back, and what is none is left out', () => {
  const views = withView([], ' Failures ', 'hasErrors=true');
  expect(readViews(JSON.stringify(views))).toEqual([{ name: 'Failures', query: 'hasErrors=true' }]);
  expect(readViews('[{"name": 1}, null, {"name": "", "query": ""}, {"name": "a", "query": ""}]')).toEqual([{ name: 'a', query: '' }]);
  for (const text of [null, 'no json', '{}', '3']) expect(readViews(text)).toEqual([]);
});

test('a name stands for one view', () => {
  const views = withView(withView(withView([], 'b', 'x=1'), 'a', ''), 'b', 'x=2');
  expect(views).toEqual([
    { name: 'a', query: '' },
    { name: 'b', query: 'x=2' },
  ]);
  expect(withView(views, '  ', 'x=3')).toEqual(views);
});

test('views do not grow without end', () => {
  let views = withView([], 'first', '');
  for (let number = 0; number < MOST_VIEWS + 20; number += 1) views = withView(views, `view ${number}`, '');
  expect(views).toHaveLength(MOST_VIEWS);
});

test('the order of an address does not matter, nor the page', () => {
  expect(viewOf(new URLSearchParams('tag=b&page=2&aiModel=x'))).toBe(viewOf(new URLSearchParams('aiModel=x&tag=b')));
  expect(viewPath({ name: 'a', query: 'tag=b' })).toBe('/sessions?tag=b');
  expect(viewPath({ name: 'a', query: '' })).toBe('/sessions');
});
