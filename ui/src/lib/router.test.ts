import { describe, expect, it } from 'vitest';
import { playerPath, routeOf } from './router';

describe('routeOf', () => {
  it('shows the list at both of its addresses', () => {
    expect(routeOf('/')).toEqual({ page: 'sessions' });
    expect(routeOf('/sessions/')).toEqual({ page: 'sessions' });
  });

  it('leads back from every player address to the same session', () => {
    for (const id of ['inapp_chat_1_abc', 'a.b:c@d~e+f=g', 'spaced id', '100%', '日本']) {
      expect(routeOf(playerPath(id))).toEqual({ page: 'player', sessionId: id });
    }
  });

  it('keeps the moment in the query', () => {
    expect(playerPath('s', { at: 1200.4 })).toBe('/sessions/replay/s?t=1200');
    expect(playerPath('s', { event: 'e/1&2', at: 5 })).toBe('/sessions/replay/s?event=e%2F1%262');
  });

  it('reads a share token', () => {
    expect(routeOf('/shared/session/abc-123')).toEqual({ page: 'shared', token: 'abc-123' });
  });

  it('does not know what is not there, nor what is badly encoded', () => {
    for (const path of ['/nothing', '/sessions/replay/', '/sessions/replay/a/b', '/sessions/replay/%E0%A4%A']) {
      expect(routeOf(path)).toEqual({ page: 'not-found' });
    }
  });
});
