/** Which sections of the inspector are open, for as long as the page stands. */

const chosen = $state<Record<string, boolean>>({});

export const sections = {
  isOpen: (title: string, usually: boolean): boolean => chosen[title] ?? usually,
  set(title: string, open: boolean): void {
    chosen[title] = open;
  },
};
