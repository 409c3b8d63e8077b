// Drizzle on node-postgres. Takes the same orders on standard input as
// benchmarks/peers/worker.py, and times itself: the pipe is in no figure.
import { readFileSync } from "node:fs";
import readline from "node:readline";
import { init } from "@paralleldrive/cuid2";
import { and, asc, desc, eq, getTableColumns, gt, inArray, or, relations, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { integer, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import pg from "pg";

const makeId = init();
const time = (name) => timestamp(name, { precision: 3, mode: "date" });
const id = (prefix) => text("id").primaryKey().$defaultFn(() => `${prefix}_${makeId()}`);
const created = () => time("created_at").notNull().$defaultFn(() => new Date());
const updated = () => time("updated_at").notNull().$defaultFn(() => new Date()).$onUpdate(() => new Date());

const workshops = pgTable("workshops", {
  id: id("ws"),
  clerk_user_id: text("clerk_user_id").notNull(),
  title: text("title").notNull(),
  original_idea: text("original_idea").notNull(),
  status: text("status").notNull().default("draft"),
  org_id: text("org_id"),
  template_id: text("template_id"),
  visibility: text("visibility").notNull().default("private"),
  share_token: text("share_token"),
  created_at: created(),
  updated_at: time("updated_at").notNull().$defaultFn(() => new Date()),
});
const stepDefinitions = pgTable("step_definitions", {
  id: text("id").primaryKey(),
  order: integer("order").notNull(),
  name: text("name").notNull(),
});
const workshopSteps = pgTable("workshop_steps", {
  id: id("wst"),
  workshop_id: text("workshop_id").notNull().references(() => workshops.id),
  step_id: text("step_id").notNull().references(() => stepDefinitions.id),
  status: text("status").notNull().default("not_started"),
  output: jsonb("output"),
  started_at: time("started_at"),
  completed_at: time("completed_at"),
  created_at: created(),
  updated_at: updated(),
});
const workshopMembers = pgTable("workshop_members", {
  id: id("wm"),
  workshop_id: text("workshop_id").notNull().references(() => workshops.id),
  clerk_user_id: text("clerk_user_id").notNull(),
  role: text("role").notNull(),
  created_at: created(),
});
const sessions = pgTable("sessions", {
  id: id("ses"),
  workshop_id: text("workshop_id").notNull().references(() => workshops.id),
  started_at: time("started_at").notNull(),
  ended_at: time("ended_at"),
  created_at: created(),
});
const buildPacks = pgTable("build_packs", {
  id: id("bp"),
  workshop_id: text("workshop_id").notNull().references(() => workshops.id),
  title: text("title").notNull(),
  format_type: text("format_type").notNull(),
  content: text("content"),
  created_at: created(),
  updated_at: updated(),
});

const inWorkshop = (table, one) => ({
  workshop: one(workshops, { fields: [table.workshop_id], references: [workshops.id] }),
});
const schema = {
  workshops, stepDefinitions, workshopSteps, workshopMembers, sessions, buildPacks,
  workshopRelations: relations(workshops, ({ many }) => ({
    steps: many(workshopSteps),
    members: many(workshopMembers),
    sessions: many(sessions),
    build_packs: many(buildPacks),
  })),
  stepRelations: relations(workshopSteps, ({ one }) => ({
    ...inWorkshop(workshopSteps, one),
    definition: one(stepDefinitions, { fields: [workshopSteps.step_id], references: [stepDefinitions.id] }),
  })),
  memberRelations: relations(workshopMembers, ({ one }) => inWorkshop(workshopMembers, one)),
  sessionRelations: relations(sessions, ({ one }) => inWorkshop(sessions, one)),
  packRelations: relations(buildPacks, ({ one }) => inWorkshop(buildPacks, one)),
};
const CONNECTIONS = 16;
const pool = new pg.Pool({ min: CONNECTIONS, max: CONNECTIONS });
const db = drizzle(pool, { schema });

// Reads are prepared once, as its page on performance advises.
const { placeholder } = sql;
const members = { orderBy: [asc(workshopMembers.created_at), asc(workshopMembers.id)] };
const oneWorkshop = db.query.workshops.findFirst({
  where: eq(workshops.id, placeholder("id")),
  with: {
    steps: { with: { definition: true } },
    members,
    sessions: { orderBy: [desc(sessions.started_at)] },
    build_packs: { orderBy: [desc(buildPacks.created_at)] },
  },
}).prepare("one_workshop");
const fiftyWorkshops = db.query.workshops.findMany({
  where: gt(workshops.id, placeholder("after")),
  orderBy: [asc(workshops.id)],
  limit: 50,
  with: { steps: { columns: { output: false }, with: { definition: true } }, members },
}).prepare("fifty_workshops");

const person = placeholder("person");
const mine = db.select({ id: workshopMembers.workshop_id }).from(workshopMembers)
  .where(eq(workshopMembers.clerk_user_id, person));
const page = db
  .select({ ...getTableColumns(workshops), role: sql`coalesce(${workshopMembers.role}, 'owner')`.as("role") })
  .from(workshops)
  .leftJoin(workshopMembers, and(
    eq(workshopMembers.workshop_id, workshops.id), eq(workshopMembers.clerk_user_id, person)))
  .where(or(eq(workshops.clerk_user_id, person), inArray(workshops.id, mine)))
  .orderBy(desc(workshops.updated_at), desc(workshops.id)).limit(20).as("page");
const complete = sql`${workshopSteps.status} = 'complete'`;
const progress = db.select({
  steps_complete: sql`count(*) filter (where ${complete})`.mapWith(Number).as("steps_complete"),
  steps_total: sql`count(*)`.mapWith(Number).as("steps_total"),
  current_step_id: sql`(array_agg(${workshopSteps.step_id} order by ${stepDefinitions.order})
    filter (where not ${complete}))[1]`.as("current_step_id"),
}).from(workshopSteps)
  .innerJoin(stepDefinitions, eq(stepDefinitions.id, workshopSteps.step_id))
  .where(eq(workshopSteps.workshop_id, page.id)).as("progress");
const dashboard = db.select().from(page).leftJoinLateral(progress, sql`true`)
  .orderBy(desc(page.updated_at), desc(page.id)).prepare("dashboard");

const byOrder = (a, b) => a.definition.order - b.definition.order;

const work = {
  async get_workshop(id) {
    const found = await oneWorkshop.execute({ id });
    found.steps.sort(byOrder);
    return found;
  },

  async page_of_workshops(after) {
    const found = await fiftyWorkshops.execute({ after });
    for (const workshop of found) workshop.steps.sort(byOrder);
    return found;
  },

  async list_workshops(person) {
    const rows = await dashboard.execute({ person });
    return rows.map((row) => ({ ...row.page, ...row.progress }));
  },

  create_workshop(person, title, idea) {
    return db.transaction(async (tx) => {
      const [workshop] = await tx.insert(workshops)
        .values({ clerk_user_id: person, title, original_idea: idea }).returning();
      await tx.insert(workshopMembers)
        .values({ workshop_id: workshop.id, clerk_user_id: person, role: "owner" });
      const definitions = await tx.select({ id: stepDefinitions.id }).from(stepDefinitions);
      await tx.insert(workshopSteps)
        .values(definitions.map((one) => ({ workshop_id: workshop.id, step_id: one.id })));
      return workshop;
    });
  },

  complete_step(workshopId, stepId, output) {
    return db.transaction(async (tx) => {
      const { workshop, step } = await openStep(tx, workshopId, stepId);
      if (step.status === "complete") throw new Error("complete already");
      const now = new Date();
      const [changed] = await tx.update(workshopSteps)
        .set({ status: "complete", output, completed_at: now, started_at: step.started_at ?? now })
        .where(eq(workshopSteps.id, step.id)).returning();
      const [following] = await tx.select({ id: workshopSteps.id, status: workshopSteps.status })
        .from(workshopSteps)
        .innerJoin(stepDefinitions, eq(stepDefinitions.id, workshopSteps.step_id))
        .where(and(
          eq(workshopSteps.workshop_id, workshopId),
          gt(stepDefinitions.order, tx.select({ order: stepDefinitions.order })
            .from(stepDefinitions).where(eq(stepDefinitions.id, stepId))),
        )).orderBy(asc(stepDefinitions.order)).limit(1);
      if (following?.status === "not_started") {
        await tx.update(workshopSteps).set({ status: "in_progress", started_at: now })
          .where(eq(workshopSteps.id, following.id));
      }
      await activate(tx, workshop);
      return changed;
    });
  },

  append_step_message(workshopId, stepId, message) {
    return db.transaction(async (tx) => {
      const { workshop, step } = await openStep(tx, workshopId, stepId);
      const output = step.output ?? {};
      const changed = await save(tx, step, { ...output, messages: [...(output.messages ?? []), message] });
      if (workshop.status === "draft") await activate(tx, workshop);
      return changed;
    });
  },

  save_step_output(workshopId, stepId, output) {
    return db.transaction(async (tx) => {
      const { workshop, step } = await openStep(tx, workshopId, stepId);
      const changed = await save(tx, step, output);
      await activate(tx, workshop);
      return changed;
    });
  },
};

async function openStep(tx, workshopId, stepId) {
  const [step] = await tx.select().from(workshopSteps)
    .where(and(eq(workshopSteps.workshop_id, workshopId), eq(workshopSteps.step_id, stepId)))
    .for("no key update");
  const [workshop] = await tx.select().from(workshops)
    .where(eq(workshops.id, workshopId)).for("no key update");
  if (!["draft", "active"].includes(workshop.status)) throw new Error("not open");
  return { workshop, step };
}

async function save(tx, step, output) {
  const status = step.status === "not_started" ? "in_progress" : step.status;
  const [changed] = await tx.update(workshopSteps)
    .set({ status, output, started_at: step.started_at ?? new Date() })
    .where(eq(workshopSteps.id, step.id)).returning();
  return changed;
}

const activate = (tx, workshop) => tx.update(workshops)
  .set({ status: "active", updated_at: new Date() }).where(eq(workshops.id, workshop.id));

async function run({ work: name, inputs, callers }) {
  const call = work[name];
  const nanoseconds = [];
  let next = 0;
  const caller = async () => {
    while (next < inputs.length) {
      const input = inputs[next++];
      const started = process.hrtime.bigint();
      await call(...input);
      nanoseconds.push(Number(process.hrtime.bigint() - started));
    }
  };
  const started = process.hrtime.bigint();
  await Promise.all(Array.from({ length: callers }, caller));
  return { nanoseconds, seconds: Number(process.hrtime.bigint() - started) / 1e9 };
}

async function answer({ work: name, inputs }) {
  const answers = [];
  for (const input of inputs) answers.push(await work[name](...input));
  return { answers };
}

const say = (value) => console.log(JSON.stringify(value));
const { dependencies } = JSON.parse(readFileSync(new URL("package.json", import.meta.url)));
say({ versions: { Node: process.versions.node, ...dependencies } });
for await (const line of readline.createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  say(order.do === "run" ? await run(order) : await answer(order));
}
await pool.end();
