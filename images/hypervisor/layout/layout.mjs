/**
 * Turns the section .layout of layout.o (see layout.c) into layout.json.
 *
 *   node layout.mjs layout.bin > layout.json
 */
import { readFileSync } from "node:fs";

/** struct entry of layout.c: strings are padded with zeros, numbers are 32-bit, little endian. */
const TEXTS = { of: [4, 24], name: [28, 32], inner: [60, 24], words: [84, 64] };
const NUMBERS = { kind: 0, offset: 148, size: 152, count: 156, is_signed: 160 };
const ENTRY_BYTES = 164;
const KINDS = { 1: addStruct, 2: addField, 3: addEnumerator, 4: addConstant };

function readEntry(bytes) {
  const entry = {};
  for (const [name, [at, length]] of Object.entries(TEXTS)) {
    entry[name] = bytes.toString("utf8", at, at + length).replace(/\0.*$/s, "");
  }
  for (const [name, at] of Object.entries(NUMBERS)) entry[name] = bytes.readUInt32LE(at);
  return entry;
}

function addStruct(layout, { of, size }) {
  layout.structs[of] = { size, fields: {} };
}

function addField(layout, { of, name, inner, offset, size, count, is_signed }) {
  layout.structs[of].fields[name] = {
    offset,
    size,
    count,
    ...(inner ? { struct: inner } : {}),
    ...(is_signed ? { signed: true } : {}),
  };
}

function addEnumerator(layout, { of, name, words, offset }) {
  layout.enums[of] ??= [];
  layout.enums[of].push({ value: offset, name, ...(words ? { words } : {}) });
}

function addConstant(layout, { name, offset }) {
  layout.constants[name] = offset;
}

const bytes = readFileSync(process.argv[2]);
if (bytes.length === 0 || bytes.length % ENTRY_BYTES !== 0) {
  throw new Error(`${process.argv[2]} has ${bytes.length} bytes, which is no number of ${ENTRY_BYTES}-byte entries.`);
}
const layout = { version: 1, structs: {}, enums: {}, constants: {} };
const entries = Array.from({ length: bytes.length / ENTRY_BYTES }, (_, index) =>
  readEntry(bytes.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES)),
);
for (const entry of entries.sort((a, b) => a.kind - b.kind)) {
  const add = KINDS[entry.kind];
  if (!add) throw new Error(`An entry of kind ${entry.kind} is not known: does layout.mjs match layout.c?`);
  add(layout, entry);
}
process.stdout.write(`${JSON.stringify(layout, null, 1)}\n`);
