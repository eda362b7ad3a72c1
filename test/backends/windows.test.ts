/**
 * Where windows lie in linear memory: away from where copies from and to large arrays are slow
 * (assembly/window-place.ts), in the plain build and for every worker of the shared one.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { releaseInstantiator } from "../modules.ts";
import { sharedModule } from "../shared/modules.ts";

const WINDOW_PLACE = 64;
const PAGE_SIZES = [4096, 8192, 16384, 32768, 65536];

const windows = suite("windows");

/** Puts a page by the put window, looks at it in the get window, and at where both begin. */
function checkWindows(backend: ZmemBackend | SharedZmemBackend, offset: number): void {
  backend.putWindow.fill(offset, 0, 100).fill(offset + 1, 100);
  assert.is(backend.putWindow.byteOffset % 4096, WINDOW_PLACE, "put window");
  assert.ok(backend.putWindowPage(0, offset));
  const page = backend.viewPage(0, offset);
  assert.ok(page);
  assert.is(page.byteOffset % 4096, WINDOW_PLACE, "get window");
  assert.equal(
    [page[0], page[99], page[100], page.at(-1)],
    [offset, offset, offset + 1, offset + 1],
  );
}

for (const pageSize of PAGE_SIZES) {
  windows(`begin at the same place in 4 KiB, pages of ${pageSize}, one instance`, () => {
    const backend = new ZmemBackend(releaseInstantiator());
    backend.init(pageSize);
    backend.openType(0);
    checkWindows(backend, 1);
    backend.trim();
    checkWindows(backend, 2);
  });

  for (const effort of ["default", "high"] as const) {
    windows(`begin there for all workers, pages of ${pageSize}, effort ${effort}`, () => {
      const first = SharedZmemBackend.create(sharedModule(), { effort });
      first.init(pageSize);
      first.openType(0);
      const workers = [
        first,
        ...Array.from({ length: 3 }, () => SharedZmemBackend.attach(first.attachment)),
      ];
      workers.forEach(checkWindows);
      // What joins later finds a run that another has left.
      workers[1]?.detach();
      first.putPage(0, 9, new Uint8Array(pageSize).fill(7, 9));
      checkWindows(SharedZmemBackend.attach(first.attachment), 10);
    });
  }
}

windows.run();
