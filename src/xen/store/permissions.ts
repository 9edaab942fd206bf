/** Who may do what to a node. The first entry names the owner, and what everybody may who is not named after it. */

/** `n`one, `r`ead, `w`rite or `b`oth, to a domain. */
export interface Permission {
  readonly letter: "n" | "r" | "w" | "b";
  readonly domain: number;
  /**
   * The entry counts no more: its domain was not there when a guest named it, or is gone since. A later domain with
   * the same id must not find itself let in.
   */
  readonly void?: true;
}

/** Who asks. */
export interface Caller {
  readonly id: number;
  /** Domain 0 and the toolstack: every right to every node. */
  readonly privileged: boolean;
  /** The toolstack itself, which is this program: no limits. */
  readonly host?: true;
  /** A domain this one acts for (XS_SET_TARGET): what that one may, it may. */
  readonly target?: number | undefined;
}

export const READ = 1;
export const WRITE = 2;
export const OWN = 4;

const RIGHTS = { n: 0, r: READ, w: WRITE, b: READ | WRITE } as const;

/** Bits of what the caller may do. */
export function rights({ id, privileged, target }: Caller, permissions: readonly Permission[]): number {
  const owner = permissions[0]!;
  const isCaller = (domain: number) => domain === id || domain === target;
  if (privileged || isCaller(owner.domain)) return READ | WRITE | OWN;
  for (let i = 1; i < permissions.length; i++) {
    const entry = permissions[i]!;
    if (!entry.void && isCaller(entry.domain)) return RIGHTS[entry.letter];
  }
  return RIGHTS[owner.letter];
}

/** @returns undefined for what is no entry: a letter of `nrwb` and a domain id from 0 to 65535 are one */
export function parsePermission(text: string): Permission | undefined {
  const [, letter, digits] = /^([nrwb])(\d{1,5})$/.exec(text) ?? [];
  const domain = Number(digits);
  return letter && domain <= 0xffff ? { letter: letter as Permission["letter"], domain } : undefined;
}

export const formatPermission = ({ letter, domain }: Permission) => `${letter}${domain}`;

/** As `xenstore-ls -p` prints them: `n0,r1`. */
export const formatPermissions = (permissions: readonly Permission[]) => permissions.map(formatPermission).join(",");
