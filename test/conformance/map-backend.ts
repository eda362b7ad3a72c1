/** How a MapBackend is made for the conformance suite. */
import { MapBackend } from "../../src/backends/map.ts";
import { KEY_TYPE, type BackendFactory, type ProvokedBackend } from "./case.ts";
import { makePage, PAGE_KINDS } from "./pages.ts";

/** @param pageSize bytes of a page */
export function mapFactory(pageSize = 4096): BackendFactory {
  const pages = PAGE_KINDS.map((kind) => makePage(kind, 99, pageSize));

  function provoked(
    provoke: (backend: MapBackend) => void,
    recover: (backend: MapBackend) => void,
  ): ProvokedBackend {
    const ops = new MapBackend();
    ops.init(pageSize);
    ops.openType(KEY_TYPE);
    return {
      ops,
      pagesThatWillBeRejected: pages,
      olderPages: pages,
      provoke: () => provoke(ops),
      recover: () => recover(ops),
    };
  }

  return {
    name: "MapBackend",
    pageSize,
    create: () => {
      const ops = new MapBackend();
      return { ops, setEnabled: (enabled) => ops.setEnabled(enabled) };
    },
    rejectPoints: [
      {
        name: "disabled",
        make: () =>
          provoked(
            (backend) => backend.setEnabled(false),
            (backend) => backend.setEnabled(true),
          ),
      },
      {
        name: "limit",
        make: () =>
          provoked(
            (backend) => backend.setLimit(0),
            (backend) => backend.setLimit(Infinity),
          ),
      },
    ],
  };
}
