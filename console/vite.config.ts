import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `npm run dev` passes the API on to a server that runs beside it.
const server = process.env.LONGSHORE_SERVER ?? 'http://127.0.0.1:8642';

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { proxy: { '/api': server } },
  build: { target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 1500 },
  test: {
    environment: 'happy-dom',
    testTimeout: 20_000,
    setupFiles: ['./src/test.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
  },
});
