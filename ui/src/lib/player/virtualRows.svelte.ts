/** TanStack's virtualizer as reactive state: which rows of a long list are on the screen, and where. */

import { tick } from 'svelte';
import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualItem,
} from '@tanstack/virtual-core';

export interface RowsOptions {
  count: () => number;
  key: (index: number) => number;
  estimate: (index: number) => number;
}

export class VirtualRows {
  items = $state.raw<VirtualItem[]>([]);
  height = $state(0);
  private readonly virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  private scroller: HTMLElement | null = null;

  constructor(private readonly options: RowsOptions) {
    this.virtualizer = new Virtualizer<HTMLElement, HTMLElement>(this.settings());
  }

  /** Begin with `scroller`; returns how to stop. */
  mount(scroller: HTMLElement): () => void {
    this.scroller = scroller;
    const unmount = this.virtualizer._didMount();
    this.update();
    return () => {
      unmount();
      this.scroller = null;
    };
  }

  /** Take in a changed number of rows; `added` of them came before the others, which stay where they are on the screen. */
  update(added = 0): void {
    const first = added ? this.items.find((item) => item.end > (this.scroller?.scrollTop ?? 0)) : undefined;
    this.virtualizer.setOptions(this.settings());
    this.virtualizer._willUpdate();
    this.read();
    const moved = first && this.virtualizer.measurementsCache[first.index + added];
    // The list has to have grown before it can be scrolled so far.
    if (first && moved) void tick().then(() => this.scroller?.scrollBy(0, moved.start - first.start));
  }

  /** An attachment that keeps an element's measured height known. It carries its number in `data-index`. */
  measure = (element: HTMLElement): (() => void) => {
    this.virtualizer.measureElement(element);
    return () => this.virtualizer.measureElement(null);
  };

  reveal(index: number): void {
    this.virtualizer.scrollToIndex(index, { align: 'auto' });
  }

  toEnd(): void {
    if (this.scroller) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  private settings(): ConstructorParameters<typeof Virtualizer<HTMLElement, HTMLElement>>[0] {
    return {
      count: this.options.count(),
      getScrollElement: () => this.scroller,
      estimateSize: this.options.estimate,
      getItemKey: this.options.key,
      overscan: 4,
      paddingStart: 12,
      paddingEnd: 24,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      onChange: () => this.read(),
    };
  }

  private read(): void {
    this.items = this.virtualizer.getVirtualItems();
    this.height = this.virtualizer.getTotalSize();
  }
}
