/** A name in the probes' data that stands for this program, not for a machine. */
export const HOST = "host";

/** Letters of the lab's machines by their names. */
export type Letters = Readonly<Record<string, string>>;
