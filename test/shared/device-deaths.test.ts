/** Two deaths at once on an area with a device, and of a reaper: see device-death.ts. */
import { suite } from "uvu";
import { addPairCases } from "./device-death.ts";

const test = suite("shared pool with a device, several deaths at once");
addPairCases(test);
test.run();
