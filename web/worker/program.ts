/**
 * A wasm program at work: SQLite (the npm package sql.js) fills, changes and searches a database in
 * memory, round after round. Its linear memory is what the demo puts.
 *
 * Why so: it is a program that people really run in pages, and its memory has what memory has:
 * untouched zeros, B-tree pages, a heap, code tables. It is fetched only when it is wanted (330 KB
 * compressed), so the page itself stays small.
 *
 * All chance is seeded; the number of rounds is fixed.
 */
import { createRandom } from "../../src/cli/sampling.ts";

/** Rounds of a run: some seconds of work. */
export const PROGRAM_ROUNDS = 40;
const ROWS_PER_ROUND = 1500;
const DATABASE_ROUNDS = 24;
const SEED = 7;

/** What this file uses of a sql.js database. */
interface Database {
  run(sql: string): void;
  exec(sql: string): unknown;
  prepare(sql: string): { run(values: readonly unknown[]): void; free(): void };
  export(): Uint8Array;
  close(): void;
}

/** The program and its memory. */
export interface Program {
  /** The linear memory as it is now; a view that its growth detaches. */
  memory(): Uint8Array;
  /** Works one round, counted from 0. */
  work(round: number): void;
  close(): void;
}

interface SqliteModule {
  startSqlite(wasmAddress: URL): Promise<{ database: Database; memory: () => Uint8Array }>;
}

/** @throws Error in plain words when it can't be fetched */
async function startSqlite(): ReturnType<SqliteModule["startSqlite"]> {
  const script = new URL("./sqlite.js", import.meta.url).href;
  try {
    const module = (await import(script)) as SqliteModule;
    return await module.startSqlite(new URL("./sqlite.wasm", import.meta.url));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `SQLite could not be loaded (${reason}). Try again, or choose another source.`,
      {
        cause: error,
      },
    );
  }
}

/** Starts SQLite with an empty database. */
export async function startProgram(): Promise<Program> {
  const { database, memory } = await startSqlite();
  const random = createRandom(SEED);
  database.run("pragma journal_mode = off; pragma cache_size = 16384");
  database.run(`
    create table events(id integer primary key, kind text, user integer, amount real, note text);
    create index events_user on events(user);
  `);
  return { memory, work: (round) => work(database, round, random), close: () => database.close() };
}

/**
 * A database file of some megabytes.
 *
 * @param breathe waits between two rounds; throws when nobody wants the file any more
 */
export async function buildDatabase(breathe: () => Promise<void>): Promise<Uint8Array> {
  const { database } = await startSqlite();
  const random = createRandom(SEED);
  database.run(`
    create table events(id integer primary key, kind text, user integer, amount real, note text);
    create index events_user on events(user);
  `);
  try {
    for (let round = 0; round < DATABASE_ROUNDS; round++) {
      await breathe();
      work(database, round, random);
    }
    return database.export();
  } finally {
    database.close();
  }
}

const KINDS = ["login", "logout", "view", "purchase", "error"];

function work(database: Database, round: number, random: () => number): void {
  database.run("begin");
  const insert = database.prepare("insert into events values (null, ?, ?, ?, ?)");
  for (let row = 0; row < ROWS_PER_ROUND; row++) {
    const user = Math.floor(random() * 4000);
    const amount = Math.round(random() * 1e5) / 100;
    const note = `round ${round}: user ${user} spent ${amount} in session ${random().toString(36)}`;
    insert.run([KINDS[Math.floor(random() * KINDS.length)], user, amount, note]);
  }
  insert.free();
  const user = Math.floor(random() * 4000);
  database.run(
    `update events set amount = amount * 1.1 where user between ${user} and ${user + 99}`,
  );
  if (round % 4 === 3) database.run(`delete from events where id % 11 = ${round % 11}`);
  database.run("commit");
  database.exec("select kind, count(*), sum(amount) from events group by kind order by 2 desc");
}
