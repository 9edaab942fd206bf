import { describe, expect, it } from "vitest";
import { Consoles, type Screen } from "../../src/app/consoles.ts";
import type { HostApi } from "../../src/machine/api.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (pieces: readonly Uint8Array[]) => pieces.map((piece) => new TextDecoder().decode(piece)).join("");

/** A host's console ends, recording what reaches them. */
function host() {
  const typed: Uint8Array[] = [];
  const acknowledged: number[] = [];
  const api = {
    type: async (_machine: string, input: Uint8Array) => void typed.push(input),
    acknowledge: async (_machine: string, count: number) => void acknowledged.push(count),
    resize: async () => undefined,
  } as unknown as HostApi;
  return { typed, acknowledged, hosts: { running: () => api } };
}

/** A screen that holds what it was told to show. */
function screen() {
  const shown: Uint8Array[] = [];
  const view: Screen = {
    write(piece, done) {
      shown.push(piece);
      done();
    },
    replay: (pieces) => void shown.splice(0, shown.length, ...pieces),
    announce: () => undefined,
  };
  return { shown, view };
}

describe("a console on the page", () => {
  it("shows what came before its screen did, and acknowledges every byte once", () => {
    const { hosts, acknowledged } = host();
    const { shown, view } = screen();
    const consoles = new Consoles(hosts);
    consoles.receive("box", bytes("before "));
    expect(acknowledged).toEqual([]);
    consoles.attach("box", view);
    consoles.receive("box", bytes("after"));
    expect([text(shown), acknowledged]).toEqual(["before after", [7, 5]]);
  });

  it("keeps what is typed while its machine starts, and forgets it when the machine does not come", () => {
    const { hosts, typed } = host();
    const consoles = new Consoles(hosts);
    consoles.type("box", bytes("lost"));
    consoles.listen("box", false);
    consoles.type("box", bytes("l"));
    consoles.type("box", bytes("s\r"));
    expect(typed).toEqual([]);
    consoles.listen("box", true);
    consoles.type("box", bytes("pwd\r"));
    expect(text(typed)).toBe("ls\rpwd\r");
  });

  it("shows the screen of its save point again, also after more was printed", () => {
    const { hosts } = host();
    const { shown, view } = screen();
    const consoles = new Consoles(hosts);
    consoles.attach("box", view);
    consoles.receive("box", bytes("one "));
    consoles.save("box");
    consoles.receive("box", bytes("two"));
    consoles.back("box");
    expect(text(shown)).toBe("one ");
  });
});
