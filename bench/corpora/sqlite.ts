/**
 * SQLite pages: a database that is built on the spot, in memory, by sql.js.
 *
 * What: people, events with JSON payloads, documents and a table of binary keys, with indexes; a
 * fifth of the rows are then updated and a tenth deleted, so that pages are half full and in no
 * order, as in a database that has lived.
 *
 * Why so: 4 KiB B-tree pages are what a page store is asked to keep most often in practice. All
 * chance is seeded, all text comes from the text corpus, times are counted from a fixed day: the
 * same packages give the same file.
 */
import initSqlJs from "sql.js";
import type { RawCorpus } from "./corpus.ts";
import { seededRandom } from "./random.ts";

const BATCH_ROWS = 2000;

/**
 * Builds a database of at least `wanted` bytes.
 *
 * @param words vocabulary for names and prose
 */
export async function buildDatabase(wanted: number, words: readonly string[]): Promise<RawCorpus> {
  const { Database } = await initSqlJs();
  const database = new Database();
  const random = seededRandom(3);
  // Drawn as texts use words: the early ones far more often.
  const word = (): string => {
    const draw = random.fraction();
    return words[Math.floor(draw * draw * draw * words.length)] as string;
  };
  const prose = (count: number): string => Array.from({ length: count }, word).join(" ");
  const key = (): Uint8Array => Uint8Array.from({ length: 24 }, () => random.below(256));
  const cities = Array.from({ length: 300 }, word);
  const kinds = ["login", "logout", "view", "purchase", "error"];

  database.run("pragma page_size = 4096; pragma journal_mode = off; pragma synchronous = off");
  database.run(`
    create table people(id integer primary key, name text, email text, city text, balance real,
      created text, notes text);
    create table events(id integer primary key, person int, kind text, at int, payload text);
    create table documents(id integer primary key, title text, body text);
    create table blobs(key blob primary key, owner int, size int) without rowid;
    create index people_by_name on people(name);
    create index events_by_person on events(person, at);`);
  const person = database.prepare("insert into people values(?,?,?,?,?,?,?)");
  const event = database.prepare("insert into events values(?,?,?,?,?)");
  const document = database.prepare("insert into documents values(?,?,?)");
  const blob = database.prepare("insert into blobs values(?,?,?)");

  const pageCount = (): number => Number(database.exec("pragma page_count")[0]?.values[0]?.[0]);
  let row = 0;
  // A tenth on top, because the deletions leave free pages, which are whole but stale.
  while (pageCount() * 4096 < wanted * 1.1) {
    database.run("begin");
    for (const end = row + BATCH_ROWS; row < end; row++) {
      if (row % 3 === 0) {
        const name = `${word()} ${word()}`;
        const mail = `${name.toLowerCase().replace(" ", ".")}@example.com`;
        const day = String(1 + random.below(28)).padStart(2, "0");
        const city = cities[random.below(cities.length)] as string;
        const balance = random.below(10_000_000) / 100;
        const notes = prose(3 + random.below(12));
        person.run([row, name, mail, city, balance, `2024-03-${day}T12:00:00Z`, notes]);
      }
      const address = `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`;
      const payload = JSON.stringify({ ip: address, agent: word(), ok: random.below(2) === 1 });
      const kind = kinds[random.below(kinds.length)] as string;
      const at = 1_700_000_000 + row * 37 + random.below(30);
      event.run([row, random.below(row + 1), kind, at, payload]);
      if (row % 16 === 0) document.run([row, prose(6), prose(40 + random.below(200))]);
      if (row % 8 === 0) blob.run([key(), random.below(row + 1), random.below(1 << 20)]);
    }
    database.run("commit");
  }
  for (const statement of [person, event, document, blob]) statement.free();
  database.run(
    "update people set balance = balance * 1.05, notes = notes || ' seen' where id % 5 = 0",
  );
  database.run("delete from events where id % 10 = 7");
  const bytes = database.export();
  database.close();
  return { bytes, source: "SQLite database of four tables and two indexes, built by sql.js" };
}
