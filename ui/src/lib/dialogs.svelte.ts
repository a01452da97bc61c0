/** Which of the shell's dialogs is open. They work on every page of the application. */

export type ShellDialog = 'palette' | 'help';

class Dialogs {
  open = $state<ShellDialog | null>(null);
}

export const dialogs = new Dialogs();
