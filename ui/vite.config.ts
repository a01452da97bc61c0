import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** The server to develop against: `playhead serve`, whose address may differ. */
const server = process.env.PLAYHEAD_URL ?? 'http://127.0.0.1:4747';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // The page's CSP allows scripts from its own origin only, so nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': server, '/health': server, '/openapi.json': server } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
