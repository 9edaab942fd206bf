import type { Hex } from "../../probe/hypervisor/memory.ts";
import type { EntryReading } from "../../probe/hypervisor/paging/guest-walk.ts";
import type { Verdict } from "../../probe/hypervisor/paging/judge.ts";
import type { Translation } from "../../probe/hypervisor/paging/translate.ts";

/** The rows of the translation's picture: what stands beside what. */

interface Origin {
  readonly value: Hex;
  readonly from: string;
}

interface Rights {
  readonly writable: boolean;
  readonly user: boolean;
}

export type ChainRow =
  | {
      readonly kind: "root";
      readonly guest: Origin;
      readonly guestKind: "pa" | "ma";
      readonly shadow: Origin | undefined;
    }
  | {
      readonly kind: "entry";
      readonly level: EntryReading["level"];
      readonly guest: EntryReading | undefined;
      readonly shadow: (EntryReading & { readonly shadow?: string | undefined }) | undefined;
      /** The shadow's walk ended above: its side says so. */
      readonly expected: boolean;
    }
  | {
      readonly kind: "page";
      readonly gpa: Hex | undefined;
      readonly size: number | undefined;
      readonly reserved: boolean;
    }
  | { readonly kind: "p2m"; readonly gfn: number; readonly mfn: number | undefined; readonly at: Hex | undefined }
  | { readonly kind: "rights"; readonly guest: Rights | undefined; readonly shadow: Rights | undefined }
  | {
      readonly kind: "end";
      readonly guest: Hex | undefined;
      readonly shadow: Hex | undefined;
      readonly alarm: boolean;
    };

/** A shadow that is wrong: the one thing nobody may miss. */
export const isAlarm = (verdict: Verdict) => verdict.kind === "disagrees";

/** Rows of the entries, the guest's and the shadow's of one level side by side. */
function entryRows(translation: Translation): ChainRow[] {
  const shadow = translation.mode === "pv" ? [] : (translation.shadow?.steps ?? []);
  const levels = (["PDPTE", "PDE", "PTE"] as const).filter((level) =>
    [...translation.guest.steps, ...shadow].some((step) => step.level === level),
  );
  return levels.map((level) => ({
    kind: "entry",
    level,
    guest: translation.guest.steps.find((step) => step.level === level),
    shadow: shadow.find((step) => step.level === level),
    expected: shadow.length > 0 && level === "PTE",
  }));
}

/** All rows, from CR3 down to the machine address. */
export function chainRows(translation: Translation): readonly ChainRow[] {
  const { guest, shadow, mode, p2m, ma } = translation;
  const own = mode === "pv" ? undefined : shadow;
  const page: ChainRow = { kind: "page", gpa: guest.page?.gpa, size: guest.page?.size, reserved: guest.reserved };
  return [
    {
      kind: "root",
      guest: { value: guest.cr3, from: guest.cr3From },
      guestKind: mode === "pv" || mode === "native" ? "ma" : "pa",
      shadow: own && { value: own.root, from: own.rootFrom },
    },
    ...entryRows(translation),
    ...(mode === "native" ? [] : [page]),
    ...(p2m ? [{ kind: "p2m" as const, ...p2m }] : []),
    { kind: "rights", guest: guest.page, shadow: own?.ma ? own : undefined },
    { kind: "end", guest: ma, shadow: own?.ma, alarm: isAlarm(translation.verdict) },
  ];
}

type FieldName = "pointer" | "directory" | "slot" | "offset";

/** The parts of an address its tables are indexed by: names and values in hexadecimal. */
export function bitFields({ gva, guest }: Translation): readonly { readonly name: FieldName; readonly text: string }[] {
  const address = Number(gva);
  const field = (name: FieldName, low: number, bits: number) => ({
    name,
    text: (((address >>> low) & (2 ** bits - 1)) >>> 0).toString(16).padStart(Math.ceil(bits / 4), "0"),
  });
  const large = guest.page !== undefined && guest.page.size > 4096;
  if (guest.paging === "off") return [field("offset", 0, 32)];
  if (guest.paging === "pae") {
    const top = [field("pointer", 30, 2), field("directory", 21, 9)];
    return large ? [...top, field("offset", 0, 21)] : [...top, field("slot", 12, 9), field("offset", 0, 12)];
  }
  return large
    ? [field("directory", 22, 10), field("offset", 0, 22)]
    : [field("directory", 22, 10), field("slot", 12, 10), field("offset", 0, 12)];
}
