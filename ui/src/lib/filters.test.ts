import { describe, expect, it } from 'vitest';
import { chipsOf, FIELDS, filtersOf, isOn, listPath, toggled, withoutChip, withoutFilters, withTag, withValues } from './filters';

const query = (text: string): URLSearchParams => new URLSearchParams(text);
const field = (key: string) => {
  const found = FIELDS.find((each) => each.key === key);
  if (!found) throw new Error(`no field ${key}`);
  return found;
};
const texts = (text: string): string[] => chipsOf(query(text), new Date('2026-01-02T12:00:00Z')).map((chip) => chip.text);

describe('filtersOf', () => {
  it('reads every name that exists in the wild under its first name', () => {
    expect(filtersOf(query('feature=chat&from=2026-01-01&to=2026-01-02&model=m&q=hello')).toString()).toBe(
      'appFeature=chat&startDate=2026-01-01&endDate=2026-01-02&aiModel=m&search=hello',
    );
  });

  it('keeps every tag and every metadata name, and nothing that is no filter', () => {
    expect(filtersOf(query('tag=a&tag=b&metadata.plan=pro&metadata.=x&sortBy=cost&page=3&utm=1&status=')).toString()).toBe(
      'tag=a&tag=b&metadata.plan=pro',
    );
  });
});

describe('chips', () => {
  it('say what a filter holds', () => {
    expect(texts('hasErrors=false')).toEqual(['without errors']);
    expect(texts('minCost=0.000002')).toEqual(['≥ $0.0000020']);
    expect(texts('minCost=1&maxCost=2')).toEqual(['$1.00 to $2.00']);
    expect(texts('maxDuration=61000')).toEqual(['≤ 1 m 01 s']);
    expect(texts('startDate=2026-01-01')).toEqual(['since 2026-01-01']);
    expect(texts('metadata.plan=pro')).toEqual(['plan = pro']);
  });

  it('stand one for each tag, and a tag goes alone', () => {
    const chips = chipsOf(query('tag=a&tag=b'));
    expect(chips).toHaveLength(2);
    expect(withoutChip(query('tag=a&tag=b'), chips[0]!).toString()).toBe('tag=b');
  });

  it('are taken away whole, whatever alias they came by', () => {
    for (const text of ['model=gpt-4o', 'minCost=1&maxCost=2', 'from=2026-01-01&to=2026-01-02', 'metadata.a=b']) {
      const [chip] = chipsOf(query(text));
      expect(withoutChip(query(text), chip!).toString()).toBe('');
    }
  });

  it('exist for every field', () => {
    for (const each of FIELDS) {
      const name = each.kind === 'metadata' ? 'metadata.x' : each.names[0];
      const value = each.kind === 'yes-no' ? 'true' : each.kind === 'dates' ? '2026-01-01' : '1';
      expect(texts(`${name}=${value}`)).toHaveLength(1);
    }
  });
});

describe('changing a query', () => {
  it('goes back to the first page and keeps the order', () => {
    expect(withValues(query('page=4&cursor=x&sortBy=cost'), { status: 'error' }).toString()).toBe('sortBy=cost&status=error');
  });

  it('switches a value on and off', () => {
    const on = toggled(query(''), field('appFeature'), 'chat');
    expect(isOn(on, field('appFeature'), 'chat')).toBe(true);
    expect(toggled(on, field('appFeature'), 'chat').toString()).toBe('');
    expect(toggled(on, field('appFeature'), 'agent').toString()).toBe('appFeature=agent');
  });

  it('adds tags without doubling them', () => {
    expect(withTag(withTag(query('tag=a'), 'b'), 'b').toString()).toBe('tag=a&tag=b');
  });

  it('clears filters and nothing else', () => {
    expect(withoutFilters(query('tag=a&q=x&metadata.a=b&sortBy=cost')).toString()).toBe('sortBy=cost');
  });

  it('links a number to the sessions behind it', () => {
    expect(listPath(query('groupBy=day&status=error'), { aiModel: 'gpt-4o' })).toBe('/sessions?status=error&aiModel=gpt-4o');
    expect(listPath(query(''))).toBe('/sessions');
  });
});
