/**
 * A second xenstore, to compare with: a table of paths. It knows rights and answers, but no limits and no watches, and
 * a transaction is a copy of the whole table.
 */
export interface Op {
  readonly domain: number;
  readonly type: "READ" | "WRITE" | "MKDIR" | "RM" | "DIRECTORY" | "GET_PERMS" | "SET_PERMS";
  readonly path: string;
  readonly value: string;
}

interface Entry {
  value: string;
  permissions: string[];
}

export type Model = Map<string, Entry>;

export const copyOf = (model: Model): Model =>
  new Map([...model].map(([path, { value, permissions }]) => [path, { value, permissions: [...permissions] }]));

const above = (path: string) => path.slice(0, path.lastIndexOf("/")) || "/";

function may(domain: number, { permissions }: Entry, right: "r" | "w"): boolean {
  const [owner, ...others] = permissions;
  if (domain === 0 || owner!.slice(1) === String(domain)) return true;
  const letter = (others.find((entry) => entry.slice(1) === String(domain)) ?? owner!)[0]!;
  return letter === "b" || letter === right;
}

/** The node, or what its absence is called by someone who wants `right`. */
function look(model: Model, { domain, path }: Op, right: "r" | "w"): Entry | "ENOENT" | "EACCES" {
  const entry = model.get(path);
  if (entry) return may(domain, entry, right) ? entry : "EACCES";
  let nearest = above(path);
  while (!model.has(nearest)) nearest = above(nearest);
  return may(domain, model.get(nearest)!, right) ? "ENOENT" : "EACCES";
}

/** Does what is asked. @returns the answer; lists sorted, their order being no business of the model */
export function act(model: Model, op: Op): string {
  const entry = look(model, op, op.type === "READ" || op.type === "DIRECTORY" || op.type === "GET_PERMS" ? "r" : "w");
  const creates = op.type === "WRITE" || op.type === "MKDIR";
  if (entry === "ENOENT" && creates) {
    create(model, op);
    return "OK";
  }
  if (entry === "ENOENT" && op.type === "RM") return model.has(above(op.path)) ? "OK" : "ENOENT";
  if (typeof entry === "string") return entry;
  switch (op.type) {
    case "READ":
      return entry.value;
    case "WRITE":
      entry.value = op.value;
      return "OK";
    case "MKDIR":
      return "OK";
    case "DIRECTORY":
      return children(model, op.path).sort().join("\0");
    case "GET_PERMS":
      return entry.permissions.join("\0");
    case "SET_PERMS":
      return setPermissions(entry, op);
    case "RM":
      if (op.path === "/") return "EINVAL";
      for (const path of model.keys()) if (path === op.path || path.startsWith(`${op.path}/`)) model.delete(path);
      return "OK";
  }
}

function setPermissions(entry: Entry, { domain, value }: Op): string {
  const owner = entry.permissions[0]!.slice(1);
  const wanted = value.split("\0").slice(0, -1);
  if (domain !== 0 && owner !== String(domain)) return "EACCES";
  if (domain !== 0 && wanted[0]!.slice(1) !== owner) return "EPERM";
  entry.permissions = wanted;
  return "OK";
}

function create(model: Model, { domain, path, type, value }: Op): void {
  const parent = above(path);
  if (!model.has(parent)) create(model, { domain, path: parent, type: "MKDIR", value: "" });
  const permissions = [...model.get(parent)!.permissions];
  if (domain !== 0) permissions[0] = permissions[0]![0] + String(domain);
  model.set(path, { value: type === "WRITE" ? value : "", permissions });
}

function children(model: Model, path: string): string[] {
  const start = path === "/" ? "/" : `${path}/`;
  return [...model.keys()]
    .filter((each) => each !== "/" && each.startsWith(start))
    .flatMap((each) => {
      const name = each.slice(start.length);
      return name.includes("/") ? [] : [name];
    });
}
