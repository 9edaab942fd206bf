import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/**
 * An import may go only to the own room or to one its tsconfig references. `tsc -b` refuses others because a file
 * outside the project would have to be compiled into it; this names them, and also sees what no type checker does.
 */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ROOMS = [...readdirSync(join(ROOT, "src")).map((room) => `src/${room}`), "workers"];

/** Rooms that may know neither the DOM nor a worker, and import no other room. */
const PURE = ["src/probe", "src/network"];

const settings = (room: string) =>
  JSON.parse(readFileSync(join(ROOT, room, "tsconfig.json"), "utf8")) as {
    compilerOptions: { lib: string[]; types: string[] };
    references: { path: string }[];
  };

function filesOf(room: string): string[] {
  return readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(room, file));
}

/** Static imports, exports from, dynamic imports and worker addresses: everything relative a file names. */
function importsOf(source: string): string[] {
  const pattern = /(?:\bfrom|\bimport|new URL)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;
  return [...source.matchAll(pattern)].map((match) => match[1]!);
}

const roomOf = (file: string) => ROOMS.find((room) => file.startsWith(`${room}/`));

describe("layers", () => {
  it.each(ROOMS)("%s imports only rooms its tsconfig references", (room) => {
    const allowed = new Set([
      room,
      ...settings(room).references.map(({ path }) => relative(ROOT, resolve(ROOT, room, path))),
    ]);
    const climbs = filesOf(room).flatMap((file) =>
      importsOf(readFileSync(join(ROOT, file), "utf8"))
        .map((target) => ({ file, target: roomOf(relative(ROOT, resolve(ROOT, dirname(file), target))) }))
        .filter(({ target }) => target && !allowed.has(target) && !(room === "src/app" && target === "workers"))
        .map(({ target }) => `${file} imports ${target}`),
    );
    expect(climbs).toEqual([]);
  });

  it.each(PURE)("%s knows neither the DOM nor workers nor Node, and no other room", (room) => {
    const { compilerOptions, references } = settings(room);
    expect({ ...compilerOptions, references }).toMatchObject({ lib: ["ES2022"], types: [], references: [] });
  });

  it("sees every form of import", () => {
    const source = `import a from "./a.ts"; export * from "../b/c.ts"; await import("./d.ts"); new URL("../../e.ts", x)`;
    expect(importsOf(source)).toEqual(["./a.ts", "../b/c.ts", "./d.ts", "../../e.ts"]);
  });
});
