/**
 * Structures of the Xen interface as tables of offsets, little-endian, with the padding of the 32-bit x86 ABI: 64-bit
 * fields are aligned to 8 where the public headers align them (uint64_aligned_t) and to 4 elsewhere.
 */

export type FieldKind = "u8" | "s8" | "u16" | "s16" | "u32" | "s32" | "u64";

/** Offset in bytes, and what is there. */
export type Field = readonly [offset: number, kind: FieldKind];

export interface Layout<F extends Readonly<Record<string, Field>>> {
  /** Size of the structure, which is also the step in an array of it. */
  readonly bytes: number;
  readonly fields: F;
}

/** The fields of a structure as values: 64-bit ones as bigint, all others as numbers. */
export type Values<L extends Layout<Readonly<Record<string, Field>>>> = {
  -readonly [K in keyof L["fields"]]: L["fields"][K][1] extends "u64" ? bigint : number;
};

/** Any structure. */
export type AnyLayout = Layout<Readonly<Record<string, Field>>>;

export function layout<const F extends Readonly<Record<string, Field>>>(bytes: number, fields: F): Layout<F> {
  return { bytes, fields };
}

/** Reads every field of a structure once. */
export function readLayout<L extends AnyLayout>(view: DataView, at: number, { fields }: L): Values<L> {
  const values: Record<string, number | bigint> = {};
  for (const name in fields) {
    const [offset, kind] = fields[name]!;
    values[name] = readField(view, at + offset, kind);
  }
  return values as Values<L>;
}

/** Writes the fields that are given and leaves the others, and the padding, as they are. */
export function writeLayout<L extends AnyLayout>(
  view: DataView,
  at: number,
  { fields }: L,
  values: Partial<Values<L>>,
): void {
  for (const name in values) {
    const [offset, kind] = fields[name]!;
    writeField(view, at + offset, kind, values[name] as number | bigint);
  }
}

function readField(view: DataView, at: number, kind: FieldKind): number | bigint {
  switch (kind) {
    case "u8":
      return view.getUint8(at);
    case "s8":
      return view.getInt8(at);
    case "u16":
      return view.getUint16(at, true);
    case "s16":
      return view.getInt16(at, true);
    case "u32":
      return view.getUint32(at, true);
    case "s32":
      return view.getInt32(at, true);
    case "u64":
      return view.getBigUint64(at, true);
  }
}

/** Bytes of a field. */
export function fieldBytes(kind: FieldKind): number {
  if (kind === "u64") return 8;
  if (kind === "u32" || kind === "s32") return 4;
  return kind === "u16" || kind === "s16" ? 2 : 1;
}

export function writeField(view: DataView, at: number, kind: FieldKind, value: number | bigint): void {
  if (kind === "u64") view.setBigUint64(at, BigInt(value), true);
  else if (kind === "u32" || kind === "s32") view.setUint32(at, Number(value), true);
  else if (kind === "u16" || kind === "s16") view.setUint16(at, Number(value), true);
  else view.setUint8(at, Number(value));
}
