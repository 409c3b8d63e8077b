// The original design, as its own application declares it.
import { index, integer, jsonb, pgTable, text, timestamp, unique } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';
import { randomBytes } from 'node:crypto';

const key = (prefix) =>
  text('id')
    .primaryKey()
    .$defaultFn(() => `${prefix}_${randomBytes(12).toString('hex')}`);
const moment = (name) => timestamp(name, { mode: 'date', precision: 3 });
const createdAt = () => moment('created_at').notNull().defaultNow();
// What docs/adoption.md advises: the database's clock, and always later than what is stored.
const later = sql`greatest(date_trunc('milliseconds', now() at time zone 'utc'), updated_at + interval '1 millisecond')`;
const updatedAt = () =>
  moment('updated_at')
    .notNull()
    .defaultNow()
    .$onUpdate(() => (process.env.AS_ADVISED ? later : new Date()));
const workshopId = () =>
  text('workshop_id')
    .notNull()
    .references(() => workshops.id, { onDelete: 'cascade' });

export const workshops = pgTable(
  'workshops',
  {
    id: key('ws'),
    clerkUserId: text('clerk_user_id').notNull(),
    title: text('title').notNull(),
    originalIdea: text('original_idea').notNull(),
    status: text('status').notNull().default('draft'),
    orgId: text('org_id'),
    templateId: text('template_id'),
    visibility: text('visibility').notNull().default('private'),
    shareToken: text('share_token'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('workshops_clerk_user_id_idx').on(table.clerkUserId),
    index('workshops_status_idx').on(table.status),
    index('workshops_org_id_idx').on(table.orgId),
  ],
);

export const workshopMembers = pgTable(
  'workshop_members',
  {
    id: key('wm'),
    workshopId: workshopId(),
    clerkUserId: text('clerk_user_id').notNull(),
    role: text('role').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index('workshop_members_workshop_id_idx').on(table.workshopId),
    index('workshop_members_clerk_user_id_idx').on(table.clerkUserId),
    unique('workshop_members_workshop_user_unique').on(table.workshopId, table.clerkUserId),
  ],
);

export const stepDefinitions = pgTable('step_definitions', {
  id: text('id').primaryKey(),
  order: integer('order').notNull(),
  name: text('name').notNull(),
  description: text('description').notNull(),
  promptTemplate: text('prompt_template'),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

export const workshopSteps = pgTable(
  'workshop_steps',
  {
    id: key('wst'),
    workshopId: workshopId(),
    stepId: text('step_id')
      .notNull()
      .references(() => stepDefinitions.id),
    status: text('status').notNull().default('not_started'),
    output: jsonb('output'),
    startedAt: moment('started_at'),
    completedAt: moment('completed_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index('workshop_steps_workshop_id_idx').on(table.workshopId),
    index('workshop_steps_step_id_idx').on(table.stepId),
    index('workshop_steps_status_idx').on(table.status),
  ],
);

export const sessions = pgTable(
  'sessions',
  {
    id: key('ses'),
    workshopId: workshopId(),
    startedAt: moment('started_at').notNull().defaultNow(),
    endedAt: moment('ended_at'),
    createdAt: createdAt(),
  },
  (table) => [index('sessions_workshop_id_idx').on(table.workshopId)],
);

export const buildPacks = pgTable(
  'build_packs',
  {
    id: key('bp'),
    workshopId: workshopId(),
    title: text('title').notNull(),
    formatType: text('format_type').notNull().default('markdown'),
    content: text('content'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index('build_packs_workshop_id_idx').on(table.workshopId)],
);
