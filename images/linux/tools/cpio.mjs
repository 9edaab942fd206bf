// cpio.mjs DIR: writes a cpio archive of everything in DIR to the standard output, as the kernel unpacks one
// (Documentation/driver-api/early-userspace/buffer-format.rst, "newc"): root's, in the order of names.

import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [top] = process.argv.slice(2);
const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);

/** One entry: the header's thirteen fields in hexadecimal, the name and its zero, the content. */
function entry(number, name, mode, content) {
  const links = mode & 0o040000 ? 2 : 1;
  const fields = [number, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, name.length + 1, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}${name}\0`;
  return [padded(Buffer.from(header)), padded(content)];
}

const names = readdirSync(top, { recursive: true }).sort();
const entries = names.flatMap((name, index) => {
  const status = lstatSync(join(top, name));
  return entry(index + 1, name, status.mode, status.isFile() ? readFileSync(join(top, name)) : Buffer.alloc(0));
});
process.stdout.write(Buffer.concat([...entries, ...entry(0, "TRAILER!!!", 0, Buffer.alloc(0))]));
