/** Death at every point of a call on an area with a device: see device-death.ts. */
import { suite } from "uvu";
import { addDeathCases } from "./device-death.ts";

const test = suite("shared pool with a device, death at every point");
addDeathCases(test, 9);
test.run();
