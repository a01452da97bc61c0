/**
 * Shows a dialog above everything and calls `close` the moment Escape asks it to go.
 *
 * The browser tells of a closed dialog by a `close` event of its own, but a task later: a key pressed in between would
 * find a dialog that is there for the page and for nobody else, and be lost. Focus goes back to where it was.
 */
export function modal(close: () => void): (dialog: HTMLDialogElement) => () => void {
  return (dialog) => {
    const before = document.activeElement;
    const asked = (): void => {
      dialog.close();
      close();
    };
    dialog.showModal();
    dialog.addEventListener('cancel', asked);
    return () => {
      dialog.removeEventListener('cancel', asked);
      const homeless = !document.activeElement || document.activeElement === document.body;
      if (homeless && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  };
}
