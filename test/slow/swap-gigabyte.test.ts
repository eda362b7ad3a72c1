/**
 * A gigabyte of pages through a pool of 64 MiB with a file behind it, read back and compared.
 *
 * The pages differ and are of every kind; how much goes to the file follows from the limit.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FileSwapDevice } from "../../src/devices/file.ts";
import { createZmemSync } from "../../src/index.ts";
import { makePage, PAGE_KINDS } from "../conformance/pages.ts";

const test = suite("a gigabyte through 64 MiB");

const LIMIT_BYTES = 64 * 2 ** 20;
const LIBRARY_SIZE = 240;

for (const pageSize of [4096, 65536]) {
  test(`1 GiB of pages of ${pageSize} bytes comes back as it went in`, () => {
    const pages = 2 ** 30 / pageSize;
    const device = new FileSwapDevice({ pageSize });
    const zmem = createZmemSync({ pageSize, limitBytes: LIMIT_BYTES });
    const area = zmem.swapOn({ pages, device });
    const library = Array.from({ length: LIBRARY_SIZE }, (_, at) =>
      makePage(PAGE_KINDS[at % PAGE_KINDS.length] ?? "zero", at, pageSize),
    );
    const page = Buffer.alloc(pageSize);
    const got = Buffer.alloc(pageSize);
    const make = (offset: number): void => {
      page.set(library[offset % LIBRARY_SIZE] as Uint8Array);
      page.writeUInt32LE(offset, (offset % (pageSize / 4)) * 4);
    };
    for (let offset = 0; offset < pages; offset++) {
      make(offset);
      assert.ok(area.put(offset, page), `page ${offset}`);
    }
    const full = zmem.stats();
    assert.ok(full.peakHeldBytes <= LIMIT_BYTES, `${full.peakHeldBytes} bytes held`);
    assert.ok(full.writtenBackPages > 0);
    assert.is(full.currPages + area.pagesOnDevice, pages);
    for (let offset = 0; offset < pages; offset++) {
      assert.ok(area.get(offset, got), `page ${offset}`);
      make(offset);
      assert.is(Buffer.compare(got, page), 0, `page ${offset}`);
    }
    const { currPages, writtenBackPages, promotedPages, deviceErrors, peakHeldBytes } =
      zmem.stats();
    assert.is(currPages + area.pagesOnDevice, pages);
    assert.is(deviceErrors, 0);
    assert.ok(peakHeldBytes <= LIMIT_BYTES, `${peakHeldBytes} bytes held`);
    console.log(
      `note pages of ${pageSize}: ${writtenBackPages} written back, ${promotedPages} promoted, ` +
        `file of ${device.fileBytes} bytes`,
    );
    zmem.close();
    device.close();
  });
}

test.run();
