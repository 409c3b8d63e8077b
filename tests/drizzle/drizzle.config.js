import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './schema.js',
  out: process.env.DRIZZLE_OUT ?? './out',
  ...(process.env.AS_ADVISED && { tablesFilter: ['!migration', '!piccolo_user'] }),
  dbCredentials: { url: process.env.DATABASE_URL },
});
