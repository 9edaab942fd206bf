import { labJsonSchema } from "../lab/format/json-schema.ts";

/** Prints the JSON Schema of `lab.yaml`; `public/schema/lab.json` is this output. */
export async function print(): Promise<number> {
  process.stdout.write(labJsonSchema());
  return 0;
}
