/** Search hits, put together by session. Pure. */
import type { SearchHit, SessionItem } from './types';

export interface HitGroup {
  session: SessionItem;
  hits: SearchHit[];
}

/** Group hits by session: sessions in the order of their best hit, hits of one by time, its label first. */
export function grouped(hits: SearchHit[]): HitGroup[] {
  const groups = new Map<string, HitGroup>();
  for (const hit of hits) {
    const group = groups.get(hit.session.sessionId);
    if (group) group.hits.push(hit);
    else groups.set(hit.session.sessionId, { session: hit.session, hits: [hit] });
  }
  for (const group of groups.values()) group.hits.sort((a, b) => (a.event?.at ?? -1) - (b.event?.at ?? -1));
  return [...groups.values()];
}
