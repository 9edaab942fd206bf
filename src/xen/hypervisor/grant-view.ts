import { PAGE_SIZE } from "../abi/domains.ts";
import { GTF } from "../abi/grant-table.ts";
import type { GrantView } from "../backends/front-domain.ts";
import type { Guest } from "./guest.ts";

/** How a guest's grant to another domain stands; nothing is changed by asking. */
export function viewGrant({ grants, frames }: Guest, reference: number, to: number): GrantView {
  const active = grants.active.get(reference);
  const entry = grants.entry(reference);
  const granted = entry !== undefined && (entry.flags & GTF.type_mask) === GTF.permit_access;
  const mine = active?.domain === to;
  const frame = mine ? active.frame : granted ? entry.frame : undefined;
  const readOnly = entry !== undefined && (entry.flags & GTF.readonly) !== 0;
  const address = frame !== undefined && frames.isOwn(frame) ? frame * PAGE_SIZE : undefined;
  if (mine) return { status: granted ? "mapped" : "revoked", address, readOnly };
  if (granted && entry.domain === to && address !== undefined) return { status: "granted", address, readOnly };
  return { status: entry && !granted ? "revoked" : "bad", address: undefined, readOnly };
}
