/**
 * The parts of a front-end as one worker has them, over one control memory.
 */
import { Attendance } from "./attendance.ts";
import { BackendHandle } from "./backend-handle.ts";
import type { Control } from "./control.ts";
import { Locks } from "./lock.ts";
import { Members } from "./members.ts";
import { PlaceTable } from "./place-table.ts";
import { Presence } from "./presence.ts";
import { Tally } from "./tally.ts";
import { TypeSwitch } from "./type-switch.ts";
import { TypeTable } from "./type-table.ts";
import type { WorkerTicket } from "./workers.ts";

export interface FrontEndParts {
  readonly control: Control;
  readonly attendance: Attendance;
  readonly locks: Locks;
  readonly types: TypeTable;
  readonly presence: Presence;
  readonly tally: Tally;
  readonly members: Members;
  readonly backend: BackendHandle;
  readonly typeSwitch: TypeSwitch;
  readonly places: PlaceTable;
}

/** Attaches a worker to a front-end. @throws as Attendance */
export function createParts(
  control: Control,
  lockTimeoutMs: number,
  ticket?: WorkerTicket,
): FrontEndParts {
  const { words } = control;
  const attendance = new Attendance(words, ticket);
  const { workerId } = attendance;
  const locks = new Locks(words, workerId, lockTimeoutMs);
  const types = new TypeTable(control);
  const members = new Members(words, workerId, locks);
  const backend = new BackendHandle(members, workerId, control.pageSize);
  return {
    control,
    attendance,
    locks,
    types,
    presence: new Presence(control, workerId),
    tally: new Tally(control, workerId),
    members,
    backend,
    typeSwitch: new TypeSwitch(types, locks, attendance, backend),
    places: new PlaceTable(control, types, locks, workerId),
  };
}
