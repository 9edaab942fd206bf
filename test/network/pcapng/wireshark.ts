import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What tshark is to read: what our codecs read, so that no guess at a payload's protocol gets between. */
const PROTOCOLS =
  "frame eth ethertype vlan ieee8021ad llc arp ip ipv6 icmp icmpv6 udp tcp dhcp dns vxlan gre data pcapng file-pcapng";
const FAMILIES = ["ip.", "ipv6.", "tcp.", "eth_", "_ws."];

/** Every checksum is verified, nothing is put together from several frames, numbers are as they were sent. */
const PREFERENCES = [
  "ip.check_checksum:TRUE",
  "udp.check_checksum:TRUE",
  "tcp.check_checksum:TRUE",
  "ip.defragment:FALSE",
  "ipv6.defragment:FALSE",
  "tcp.desegment_tcp_streams:FALSE",
  "tcp.relative_sequence_numbers:FALSE",
  "tcp.analyze_sequence_numbers:FALSE",
].flatMap((preference) => ["-o", preference]);

export const hasTool = (name: string): boolean => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0;

/** A folder for files, and for the tools' settings. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), "ringside-capture-"));

  constructor() {
    const all = this.run("tshark", "-G", "protocols").toString().trim().split("\n");
    const known = new Set(PROTOCOLS.split(" "));
    const others = all
      .map((line) => line.split("\t")[2]!)
      .filter((name) => !known.has(name) && !FAMILIES.some((family) => name.startsWith(family)));
    writeFileSync(join(this.folder, "disabled_protos"), `${others.join("\n")}\n`);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, bytes: Uint8Array | string): string {
    writeFileSync(this.path(name), bytes);
    return this.path(name);
  }

  run(tool: string, ...args: readonly string[]): Buffer {
    return execFileSync(tool, args, {
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 2 ** 28,
      env: { ...process.env, WIRESHARK_CONFIG_DIR: this.folder },
    });
  }

  /** Reads a capture. @returns what tshark prints */
  tshark(file: string, ...args: readonly string[]): string {
    return this.run("tshark", "-n", "-r", file, ...PREFERENCES, ...args).toString();
  }

  /** Values of fields, of each frame; a field that is in a frame several times has several. */
  fields<Name extends string>(file: string, names: readonly Name[]): Record<Name, string[]>[] {
    const wanted = names.flatMap((name) => ["-e", name]);
    const format = ["-T", "fields", "-E", "separator=/t", "-E", "aggregator=;", "-E", "occurrence=a"];
    const lines = this.tshark(file, ...format, ...wanted)
      .replace(/\n$/, "")
      .split("\n");
    return lines.map((line) => {
      const values = line.split("\t").map((text) => (text === "" ? [] : text.split(";")));
      return Object.fromEntries(names.map((name, index) => [name, values[index] ?? []])) as Record<Name, string[]>;
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
