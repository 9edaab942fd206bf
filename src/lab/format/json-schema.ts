import { toJsonSchema } from "@valibot/to-json-schema";
import { labSchema } from "../schema.ts";

/**
 * The format as JSON Schema, for editors that complete and check `lab.yaml`. Published at `public/schema/lab.json`;
 * `npm run ringside -- lab schema` prints it.
 */
export function labJsonSchema(): string {
  // sums over nested lists are beyond JSON Schema: the parser alone checks them
  const schema = toJsonSchema(labSchema, { typeMode: "input", target: "draft-07", ignoreActions: ["check"] });
  const titled = { ...schema, title: "A Ringside lab (lab.yaml), version 1" };
  return `${JSON.stringify(titled, null, 2)}\n`;
}
