import { PlainV86 } from "../plain.ts";
import { type Arrangement, configure, SIDES, type Side } from "./pair.ts";

/** Two plain v86 in this process, with its own card and its own hub between them. */
export const plainOnOneHost: Arrangement = {
  name: "v86's virtio-net and hub",
  make: async () => {
    const machines = new Map<Side, PlainV86>();
    for (const side of SIDES) {
      const machine = await PlainV86.create(64, { card: true });
      machines.set(side, machine);
      await machine.boot();
      await machine.mount();
      await machine.run(configure(side));
    }
    return {
      run: async (side, script) => machines.get(side)!.run(script),
      compiling: async () => true, // as it does by default
      close: async () => {
        for (const machine of machines.values()) await machine.close();
      },
    };
  },
};
