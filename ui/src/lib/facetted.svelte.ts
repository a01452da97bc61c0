/** Facet counts of the sessions that match a query. They help and are never needed, so a failure leaves them out. */
import { getFacets } from './api';
import type { FacetsData } from './types';

export class Facetted {
  data = $state.raw<FacetsData | null>(null);

  /** Ask for another query; returns how to give up. The old counts stay until the new ones are there. */
  open(query: URLSearchParams): () => void {
    const asked = new AbortController();
    getFacets(query, asked.signal).then(
      (data) => (this.data = data),
      () => (this.data = asked.signal.aborted ? this.data : null),
    );
    return () => asked.abort();
  }
}
