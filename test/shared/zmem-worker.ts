/** A worker that joins a shared zmem by `attachZmem` and does what it is told by message. */
import { parentPort } from "node:worker_threads";
import { attachZmem, type SharedZmem, type ZmemAttachment } from "../../src/index.shared.ts";
import { makePage } from "../conformance/pages.ts";

/** What it is told. */
export type ZmemOrder =
  | { readonly verb: "attach"; readonly attachment: ZmemAttachment }
  | { readonly verb: "put" | "spin"; readonly type: number; readonly count: number }
  | { readonly verb: "detach" };

let zmem: SharedZmem;

parentPort?.on("message", async (order: ZmemOrder) => {
  if (order.verb === "attach") {
    zmem = await attachZmem(order.attachment);
    parentPort?.postMessage(zmem.workerId);
  } else if (order.verb === "detach") {
    zmem.detach();
    parentPort?.postMessage(0);
    parentPort?.close();
  } else {
    const area = zmem.area(order.type);
    let kept = 0;
    for (let offset = 0; offset < order.count; offset++) {
      if (area.put(offset, makePage("text", offset, zmem.pageSize))) kept += 1;
    }
    parentPort?.postMessage(kept);
    while (order.verb === "spin") area.put(0, makePage("text", 0, zmem.pageSize));
  }
});
