import { expect, test } from 'vitest';
import { around, matching, type Command } from './commands';

const command = (name: string, also?: string): Command => ({ id: name, group: 'Pages', name, also, run: () => undefined });
const all = [command('Sessions', 'list'), command('Settings', 'keys'), command('Colours: dark', 'theme scheme night')];

test('every word must be found, in the name or beside it', () => {
  expect(matching(all, '').map((each) => each.name)).toEqual(['Sessions', 'Settings', 'Colours: dark']);
  expect(matching(all, 'SE').map((each) => each.name)).toEqual(['Sessions', 'Settings']);
  expect(matching(all, 'theme dark').map((each) => each.name)).toEqual(['Colours: dark']);
  expect(matching(all, 'nothing')).toEqual([]);
});

test('a name that begins with the text comes first', () => {
  expect(matching([command('Forget keys'), command('Keys')], 'keys').map((each) => each.name)).toEqual(['Keys', 'Forget keys']);
});

test('stepping goes round', () => {
  expect([around(0, -1, 3), around(2, 1, 3), around(1, 1, 3), around(0, 1, 0)]).toEqual([2, 0, 2, 0]);
});
