// What the application that made the design writes and reads, the way it does it.
//
//   node product.js seed                 the definitions, emptied and loaded anew
//   node product.js create COUNT         workshops, each with owner, steps and session
//   node product.js write ROUNDS         all writes, eight at a time, on all workshops there are
//   node product.js rename ID            with updated_at as the schema sets it
//   node product.js read                 every row of the six tables
//
// One line of JSON is the answer; errors of the database are in it, by code.
import { asc, eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import * as schema from './schema.js';

const { buildPacks, sessions, stepDefinitions, workshopMembers, workshops, workshopSteps } = schema;
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 8 });
const db = drizzle(pool, { schema });

const DEFINITIONS = ['challenge', 'stakeholder-mapping', 'user-research', 'persona', 'validate'];

async function seed() {
  await db.transaction(async (tx) => {
    await tx.delete(stepDefinitions);
    await tx.insert(stepDefinitions).values(
      DEFINITIONS.map((id, order) => ({ id, order, name: id, description: 'One of its own.' })),
    );
  });
}

async function create(tx, title) {
  const definitions = await tx.select().from(stepDefinitions).orderBy(asc(stepDefinitions.order));
  const [workshop] = await tx
    .insert(workshops)
    .values({ clerkUserId: 'user_drizzle', title, originalIdea: 'Of the other application.' })
    .returning();
  const workshopId = workshop.id;
  await tx.insert(workshopMembers).values({ workshopId, clerkUserId: 'user_drizzle', role: 'owner' });
  await tx.insert(sessions).values({ workshopId });
  await tx.insert(workshopSteps).values(
    definitions.map(({ id }, number) => ({
      workshopId,
      stepId: id,
      ...(number === 0 && { status: 'in_progress', startedAt: new Date() }),
    })),
  );
  return workshop;
}

const createWorkshop = (title) => db.transaction((tx) => create(tx, title));

const stepsOf = (tx, workshopId) =>
  tx
    .select({ id: workshopSteps.id, status: workshopSteps.status })
    .from(workshopSteps)
    .innerJoin(stepDefinitions, eq(stepDefinitions.id, workshopSteps.stepId))
    .where(eq(workshopSteps.workshopId, workshopId))
    .orderBy(asc(stepDefinitions.order));

const set = (tx, step, values) =>
  tx.update(workshopSteps).set(values).where(eq(workshopSteps.id, step.id));

// Complete a step, start the next, touch the workshop.
async function advance(workshopId) {
  await db.transaction(async (tx) => {
    const steps = await stepsOf(tx, workshopId);
    const current = steps.findIndex((step) => step.status !== 'complete');
    if (current < 0) return;
    await set(tx, steps[current], { status: 'complete', completedAt: new Date() });
    const next = steps[current + 1];
    if (next) await set(tx, next, { status: 'in_progress', startedAt: new Date(), completedAt: null });
    await tx
      .update(workshops)
      .set({ status: 'active', updatedAt: new Date() })
      .where(eq(workshops.id, workshopId));
  });
}

// "Revise this step": it is in progress again, all that follow need regeneration.
async function revise(workshopId) {
  const [first, ...following] = await stepsOf(db, workshopId);
  await set(db, first, { status: 'in_progress', startedAt: sql`coalesce(started_at, now() at time zone 'utc')`, completedAt: null });
  for (const step of following) {
    await set(db, step, { status: 'needs_regeneration', completedAt: null });
  }
}

// A conversation is read, lengthened and written back, under a lock of the row.
async function say(workshopId, text) {
  await db.transaction(async (tx) => {
    const [step] = await tx
      .select()
      .from(workshopSteps)
      .where(eq(workshopSteps.workshopId, workshopId))
      .orderBy(asc(workshopSteps.id))
      .limit(1)
      .for('update');
    const said = [...(step.output?.said ?? []), text];
    await set(tx, step, {
      output: { ...step.output, said },
      startedAt: step.startedAt ?? new Date(),
      ...(step.status === 'not_started' && { status: 'in_progress' }),
    });
  });
}

const rename = (workshopId, title) =>
  db.update(workshops).set({ title }).where(eq(workshops.id, workshopId));

const pack = (workshopId) =>
  db.insert(buildPacks).values({ workshopId, title: 'Of the other application', content: '# Pack' });

async function createAndDelete() {
  const { id } = await createWorkshop('Deleted at once');
  await db.delete(workshops).where(eq(workshops.id, id));
}

async function write(rounds) {
  const ids = (await db.select({ id: workshops.id }).from(workshops)).map(({ id }) => id);
  const errors = {};
  let done = 0;
  let said = 0;
  const attempt = async (work) => {
    try {
      await work();
      done += 1;
    } catch (error) {
      const cause = error.cause ?? error;
      errors[`${cause.code} ${cause.message}`] = (errors[`${cause.code} ${cause.message}`] ?? 0) + 1;
    }
  };
  const worker = async (number) => {
    for (let round = 0; round < rounds; round += 1) {
      for (const id of ids.slice(number % ids.length).concat(ids.slice(0, number % ids.length))) {
        await attempt(() => advance(id));
        await attempt(async () => {
          await say(id, `${number} ${round}`);
          said += 1;
        });
        await attempt(() => rename(id, `Renamed in round ${round}`));
        if (round % 3 === number % 3) await attempt(() => revise(id));
      }
      await attempt(() => pack(ids[(number + round) % ids.length]));
      await attempt(createAndDelete);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, number) => worker(number)));
  return { done, said, errors };
}

async function read() {
  const rows = {};
  for (const table of [workshops, workshopMembers, stepDefinitions, workshopSteps, sessions, buildPacks]) {
    const name = table[Symbol.for('drizzle:Name')];
    rows[name] = (await db.select().from(table)).map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [
          key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
          value,
        ]),
      ),
    );
  }
  return rows;
}

const [command, argument] = process.argv.slice(2);
const commands = {
  seed,
  create: async () => {
    const made = [];
    for (let n = 0; n < Number(argument); n += 1) made.push((await createWorkshop(`Workshop ${n}`)).id);
    return made;
  },
  write: () => write(Number(argument)),
  rename: () => rename(argument, 'Renamed'),
  read,
};
const answer = await commands[command]();
console.log(JSON.stringify(answer ?? null));
await pool.end();
