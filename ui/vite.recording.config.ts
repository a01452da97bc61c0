import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { oneFile } from './vite.one-file.ts';

/** The player as one file, into which the server and `playhead open` write a recording. */
export default defineConfig({
  plugins: [svelte(), oneFile()],
  publicDir: false,
  build: {
    target: 'es2022',
    emptyOutDir: false,
    cssCodeSplit: false,
    modulePreload: false,
    rolldownOptions: { input: 'recording.html', output: { codeSplitting: false } },
  },
});
