/** Who is signed in, as reactive state. A 401 anywhere leads to `signed-out`. */
import { here, setQuery } from './location.svelte';
import { ApiError, onSignedOut, signIn, signOut, whoAmI } from './api';
import type { WhoAmI } from './types';

export type AccountState = 'unasked' | 'asking' | 'signed-in' | 'signed-out' | 'offline';

let state = $state<AccountState>('unasked');
let who = $state<WhoAmI | null>(null);
let refusal = $state<string | null>(null);

export const account = {
  get state(): AccountState {
    return state;
  },
  get who(): WhoAmI | null {
    return who;
  },
  /** Why the last sign-in link was refused, or null. */
  get refusal(): string | null {
    return refusal;
  },
};

/** Find out who is signed in; a `?token=` in the address is exchanged for a cookie and removed from it. */
export async function openAccount(): Promise<void> {
  state = 'asking';
  const token = takeToken();
  try {
    if (token) await tryLink(token);
    await learn();
  } catch (reason) {
    state = reason instanceof ApiError && reason.status === 401 ? 'signed-out' : 'offline';
  }
}

/** A used-up link is no failure while an older cookie still holds; what was wrong with it is kept for the sign-in page. */
async function tryLink(token: string): Promise<void> {
  try {
    await signIn(token);
  } catch (reason) {
    if (!(reason instanceof ApiError) || reason.status === 0) throw reason;
    refusal = reason.message;
  }
}

/** Exchange a key, or the token of a sign-in link, for a cookie; throws an ApiError when it is refused. */
export async function enter(token: string): Promise<void> {
  await signIn(token);
  await learn();
  refusal = null;
}

/** End the cookie. */
export async function leave(): Promise<void> {
  await signOut();
  who = null;
  state = 'signed-out';
}

async function learn(): Promise<void> {
  who = await whoAmI();
  state = 'signed-in';
}

/** Return the address's token, and take it out of the address and the history. */
function takeToken(): string | null {
  const query = new URLSearchParams(here.query);
  const token = query.get('token');
  if (token === null) return null;
  query.delete('token');
  setQuery(query);
  return token;
}

onSignedOut(() => {
  who = null;
  state = 'signed-out';
});
