/** A web worker on a shared zmem: puts and gets marked pages until it is terminated. */
import { attachZmem, type ZmemAttachment } from "../../src/index.shared.ts";
import { createRandom } from "../conformance/pages.ts";
import { makeVersion, markPage, readMark } from "../shared/marked-page.ts";

/** What it is told once. */
export interface SharedOrder {
  readonly attachment: ZmemAttachment;
  readonly seat: number;
  readonly pages: number;
}

const scope = globalThis as unknown as {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
};

scope.addEventListener("message", async (event) => {
  const { attachment, seat, pages } = event.data as SharedOrder;
  const zmem = await attachZmem(attachment);
  const area = zmem.area(0);
  const random = createRandom(seat);
  const page = new Uint8Array(zmem.pageSize);
  scope.postMessage("ready");
  for (let calls = 1; ; calls++) {
    const offset = random.below(pages);
    if (random.below(2) === 0) {
      markPage(page, 0, offset, makeVersion(seat, calls));
      area.put(offset, page);
    } else if (random.below(8) === 0) {
      area.flush(offset);
    } else if (area.get(offset, page)) {
      const version = readMark(page, 0, offset);
      if (version < 0) scope.postMessage(`offset ${offset}: violation ${version}`);
    }
    if (calls % 1000 === 0) scope.postMessage(1000);
  }
});
