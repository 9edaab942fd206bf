import * as v from "valibot";
import { MACHINE_PANELS, PANELS } from "./lab.ts";
import { links, vlan, vlans } from "./schema-links.ts";
import { id, LIMITS, machineName, map } from "./schema-parts.ts";

/**
 * What an author writes in `lab.yaml`, version 1 of the format. The published JSON Schema is made from this file
 * (format/json-schema.ts); what a schema cannot say (names that must exist, cycles) is in format/crosscheck.ts.
 *
 * Messages here are noun phrases that complete "expected …".
 *
 * - **Text** a student reads is `{ en, zh }`, or one string where both languages say the same.
 * - **Scripts** are `sh`, run as root in a machine: a string, or `{ machine, run }`. The machine is the task's
 *   `machine` where none is given, and the lab's only machine where the task has none.
 * - `check` exits with 0 when the task is done. `fail` exits with 0 when the attempt is over, and prints why.
 *   `hint` prints a hint or nothing; one script for both languages finds `LANG` to be `en_US.UTF-8` or `zh_CN.UTF-8`.
 *   `solve` does the task, for `lab check`; where a student turns a setting of a device, `{ machine, control, with }`
 *   does, as `{ control: io.pace, with: { ring: "vbd:domU/xvda", stepping: true } }`; where they press *Restart*,
 *   `{ machine, restart: true }`. It may be a list of these.
 * - A `probe` task's `hint` may be a list of `{ where, en, zh }` instead: the first whose `where` the reading holds is
 *   the hint. The machine takes no part in it, so it also works while the machine stands still.
 * - **`where`** is a part of what the probe reads. A map holds when each of its keys does; a list when each of its
 *   parts fits some element, so `slots: [{ state: answered }]` is one answered slot anywhere; a value when it is the
 *   same as text; a number also by `{ least: 1, most: 8 }`, both included, either left out. It may also be written from
 *   an element on: `{ path: /local/domain/1/name, value: domU }` finds that node in all of `xen.store`.
 * - **`{{path}}`** in scripts, texts and prose stands for a value: `{{seed.<name>}}`, `{{machines.<name>.nics[0].mac}}`,
 *   `.memory`, `.image`, `.disks[0].name`; in `answer` also `{{probe.<name>.<path>}}`, read from the machine; what the
 *   probe is asked besides its machine is in `with`.
 * - **Devices** are `nics` and `disks`, each with a `model`; left out, it is `xen` on an image that runs on Xen
 *   (`linux-xen`, `linux-dom0`), else `virtio`. A Xen device's `backend` names the `linux-dom0` machine whose kernel
 *   serves it; without one this program does. A disk is empty at first, `size` is in MiB.
 * - **Hosts**: machines with the same `host` share a worker, and with it grants and event channels; a machine without one
 *   has a host of its own. A `linux-dom0` comes before the other Xen machines of its host: it is domain 0.
 * - **Links** are what cards are plugged into by `link`: `{ kind: switch }` learns addresses (IEEE 802.1D) and knows VLANs
 *   (802.1Q), `hub` repeats to every end, `wire` has two ends. Machines of any hosts may be on one. Each frame takes
 *   `latency: 2ms`, more or less by up to `jitter: 1ms`; `loss: 0.1` of them are lost; an end is served at `rate: 10mbit`,
 *   and `queue` frames (512) wait for that; `mtu` is as `ip link` counts (1500). `cut: true`: no carrier, until a student
 *   mends it. `mirror: dom0/1` names the end, by machine and card from 0, that gets a copy of every frame.
 * - **VLANs** of a card on a switch: `vlan: 101` makes its end an access port, `vlans: [101, 102]` a trunk that carries
 *   these tagged; neither, a trunk that carries all, and VLAN 1 untagged.
 * - **Gateways**: a link's `gateway: { address: 10.0.0.254/24 }` answers on it: ARP, ICMP echo, DNS for the names of the
 *   lab's leases and `names: { www: 10.0.0.80 }`, TCP and UDP echo on port 7, a page on port 80; `dhcp: { from, to }` leases
 *   addresses; `nat: { link, address, kind: full-cone, hairpin: true }` routes to another link and translates addresses on
 *   the way there, `kind` as RFC 4787 has it, or `symmetric`.
 * - **Probes and settings of the network** are of no machine: `network.counters`, `network.fdb { link }`, `network.nat` and
 *   `network.capture { link, from, count, bytes }`; `network.hold { link, on }`, `.step { link }`, `.cut { link, on }`,
 *   `.cable { machine, nic, plugged }`, `.shape { link, latency, jitter, loss, rate, queue, mtu }` (milliseconds, bits a
 *   second, null for none), `.mirror { link, to }`, `.forget { link }`, `.reset { link }`: what they take is in `with`.
 * - **Prose** is `en.md` and `zh.md`: one `## <step id>` section a step, and `## intro` and `## finish`. The first
 *   `###` heading is the section's title. A paragraph `[[<task id>]]` places a task; the others follow the prose.
 *   Fenced code with the info string `run` or `run <machine>` may be typed by a button; with `copy` it may be copied.
 */

const line = v.pipe(
  v.string("text"),
  v.minLength(1, "text that is not empty"),
  v.maxLength(LIMITS.text, "at most 4,096 characters of text"),
);
const bothLanguages = map({ en: line, zh: line }, "{ en, zh }");
const text = v.union([line, bothLanguages], "text, or { en, zh }");

const script = v.pipe(
  v.string("a script"),
  v.regex(/\S/, "a script that is not empty"),
  v.maxLength(LIMITS.script, "a script of at most 16,384 characters; longer ones go into files/"),
);
const scriptOn = v.union(
  [script, map({ machine: v.optional(machineName), run: script }, "{ machine, run }")],
  "a script, or { machine, run }",
);
const deed = map(
  {
    machine: v.optional(machineName),
    run: v.optional(script),
    control: v.optional(
      v.pipe(
        v.string("the name of a setting"),
        v.regex(/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/, "the name of a setting, as io.pace"),
      ),
    ),
    with: v.optional(v.record(v.string(), v.unknown(), "a map of arguments")),
    /** The machine is started anew; its disks keep what they hold. */
    restart: v.optional(v.literal(true, "true")),
  },
  "{ machine, run }, { machine, control, with }, or { machine, restart }",
);
const solution = v.union(
  [
    script,
    deed,
    v.pipe(
      v.array(
        v.union([script, deed], "a script, { machine, run }, { machine, control, with } or { machine, restart }"),
        "a list of scripts",
      ),
      v.minLength(1, "at least one script"),
      v.maxLength(LIMITS.choices, "at most 16 scripts"),
    ),
  ],
  "a script, { machine, run }, { machine, control, with }, { machine, restart }, or a list of these",
);
const scripts = v.union([script, map({ en: script, zh: script }, "{ en, zh }")], "a script, or { en, zh }");
const pattern = v.pipe(
  v.record(v.string(), v.unknown(), "a pattern: { key: value }"),
  v.description(
    "A part of the reading: a map holds when each of its keys does, a list when each of its parts fits some element, " +
      "a value when it is the same; a number also by its bounds, { least, most }.",
  ),
);
const hintCase = map({ where: v.optional(pattern), en: line, zh: line }, "{ where, en, zh }");
const hint = v.union(
  [
    script,
    v.pipe(
      v.array(hintCase, "a list of hints"),
      v.minLength(1, "at least one hint"),
      v.maxLength(LIMITS.choices, "at most 16 hints"),
    ),
    map(
      { machine: v.optional(machineName), run: v.optional(scripts), en: v.optional(script), zh: v.optional(script) },
      "{ machine, run }, or { en, zh }",
    ),
  ],
  "a script, { en, zh }, { machine, run }, or a list of { where, en, zh }",
);

const backend = v.optional(machineName);

const nic = map(
  {
    link: v.optional(id),
    model: v.optional(v.picklist(["virtio", "ne2k", "xen"], "virtio, ne2k or xen")),
    /** Of a Xen card: the machine whose netback serves it. */
    backend,
    mac: v.optional(
      v.pipe(
        v.string("a MAC address"),
        v.regex(/^[0-9a-fA-F][02468aceACE](?::[0-9a-fA-F]{2}){5}$/, "a unicast MAC address"),
      ),
    ),
    vlan,
    vlans,
  },
  "a network card: { link, model, backend, mac, vlan, vlans }",
);

const disk = map(
  {
    /** Name in the guest; left out, the model's next: `vda`, `sda`, `xvda`. */
    name: v.optional(
      v.pipe(
        v.string("a disk's name"),
        v.regex(/^(?:vd[a-d]|sda|xvd[a-d])$/, "vda to vdd (virtio), sda (ide), or xvda to xvdd (xen)"),
      ),
    ),
    size: v.pipe(
      v.number("a number of MiB"),
      v.integer("a whole number of MiB"),
      v.minValue(1, "at least 1 MiB"),
      v.maxValue(64, "at most 64 MiB"),
    ),
    model: v.optional(v.picklist(["virtio", "ide", "xen"], "virtio, ide or xen")),
    /** Of a Xen disk: the machine whose blkback serves it. */
    backend,
    /** Path in the backend's machine of the device or file that holds it; left out, a file made for it. */
    source: v.optional(
      v.pipe(
        v.string("a path"),
        v.regex(
          /^(?:\/[a-z0-9][a-z0-9_-]{0,31}){1,6}$/,
          "an absolute path of lower-case letters, digits, - and _, as /dev/vda",
        ),
      ),
    ),
  },
  "a disk: { name, size, model, backend, source }",
);

const labFileName = v.pipe(
  v.string("the name of a file in files/"),
  v.regex(
    /^(?!.*(?:^|\/)\.\.?(?:\/|$))[\w.-]+(?:\/[\w.-]+)*$/,
    "the name of a file in files/, without .. and without / at its start",
  ),
);
const labFile = v.union(
  [labFileName, map({ from: labFileName, executable: v.optional(v.boolean("true or false")) }, "{ from, executable }")],
  "the name of a file in files/, or { from, executable }",
);

const machine = map(
  {
    image: id,
    host: v.optional(id),
    memory: v.optional(
      v.pipe(
        v.number("a number of MiB"),
        v.integer("a whole number of MiB"),
        v.minValue(32, "at least 32 MiB"),
        v.maxValue(512, "at most 512 MiB"),
      ),
    ),
    nics: v.optional(v.pipe(v.array(nic, "a list of network cards"), v.maxLength(4, "at most 4 network cards"))),
    disks: v.optional(v.pipe(v.array(disk, "a list of disks"), v.maxLength(4, "at most 4 disks"))),
    layers: v.optional(v.pipe(v.array(id, "a list of layers"), v.maxLength(16, "at most 16 layers"))),
    /** Words the machine is booted with: the hypervisor's options, as `mode=shadow`. */
    options: v.optional(
      v.pipe(
        v.array(
          v.pipe(
            v.string("an option"),
            v.regex(/^(?:--|[a-z][a-z0-9]{0,15}(?:=[a-z0-9-]{1,31})?)$/, "an option such as mode=shadow"),
          ),
          "a list of options",
        ),
        v.maxLength(24, "at most 24 options"),
      ),
    ),
    /** Path in the guest → file in the lab's `files/`. */
    files: v.optional(
      v.pipe(
        v.record(
          v.pipe(
            v.string(),
            v.regex(/^(?:\/(?!\.\.?(?:\/|$))[^/\0]+)+$/, "an absolute path in the machine as a key"),
            v.maxLength(255, "a path of at most 255 characters"),
          ),
          labFile,
          "a map from paths in the machine to files of the lab",
        ),
        v.maxEntries(64, "at most 64 files"),
      ),
    ),
  },
  "a machine: { image, host, memory, nics, disks, layers, options, files }",
);

const choice = v.union(
  [
    line,
    v.number("text, a number or { en, zh }"),
    map(
      { value: v.optional(v.union([line, v.number()], "text or a number")), en: line, zh: line },
      "{ value, en, zh }",
    ),
  ],
  "text, a number or { value, en, zh }",
);

const tolerance = v.union(
  [
    v.pipe(v.number("a number"), v.minValue(0, "a number that is not negative")),
    v.pipe(v.string("a share"), v.regex(/^\d{1,3}(?:\.\d{1,3})?%$/, "a share such as 10%")),
  ],
  "a number, or a share such as 10%",
);

const task = map(
  {
    say: v.optional(text),
    machine: v.optional(machineName),
    needs: v.optional(v.pipe(v.array(id, "a list of tasks"), v.maxLength(LIMITS.tasks, "fewer tasks"))),
    check: v.optional(scriptOn),
    probe: v.optional(
      v.pipe(
        v.string("the name of a probe"),
        v.regex(/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/, "the name of a probe: <room>.<reader>"),
      ),
    ),
    /** What the probe is asked besides its machine, as `{ gva: "0xc0100000" }`. */
    with: v.optional(v.record(v.string(), v.unknown(), "a map of arguments")),
    where: v.optional(pattern),
    ask: v.optional(text),
    choices: v.optional(
      v.pipe(
        v.array(choice, "a list of choices"),
        v.minLength(2, "at least 2 choices"),
        v.maxLength(LIMITS.choices, "at most 16 choices"),
      ),
    ),
    tolerance: v.optional(tolerance),
    answer: v.optional(
      v.union(
        [line, v.number("a number"), map({ machine: v.optional(machineName), run: script }, "{ machine, run }")],
        "text, a number, or { machine, run }",
      ),
    ),
    reveal: v.optional(id),
    because: v.optional(text),
    must: v.optional(v.picklist(["right"], "right")),
    hint: v.optional(hint),
    fail: v.optional(scriptOn),
    solve: v.optional(solution),
  },
  "a task: { check }, { probe, where } or { ask }",
);

const scalar = v.union(
  [v.pipe(v.string("text"), v.regex(/^[^\n\r]{1,200}$/, "one line of at most 200 characters")), v.number("a number")],
  "text or a number",
);
const whole = v.pipe(v.number("a whole number"), v.safeInteger("a whole number"));
const seed = map(
  {
    choose: v.optional(
      v.pipe(v.array(scalar, "a list"), v.minLength(1, "at least one value"), v.maxLength(256, "at most 256 values")),
    ),
    from: v.optional(whole),
    to: v.optional(whole),
  },
  "{ choose: [values] }, or { from, to }",
);

const step = map(
  { id, tasks: v.optional(v.pipe(v.array(id, "a list of tasks"), v.maxLength(LIMITS.tasks, "at most 128 tasks"))) },
  "a step: { id, tasks }",
);

const panel = v.pipe(
  v.string("a panel"),
  v.regex(
    new RegExp(`^(?:(?:${MACHINE_PANELS.join("|")}):[a-zA-Z][a-zA-Z0-9-]*|${PANELS.join("|")})$`),
    `${[...MACHINE_PANELS.map((panel) => `${panel}:<machine>`), ...PANELS].join(", ")}`,
  ),
);

/** The whole file. */
export const labSchema = map(
  {
    version: v.literal(1, "version 1"),
    id,
    title: bothLanguages,
    summary: v.optional(bothLanguages),
    minutes: v.pipe(
      v.number("a number of minutes"),
      v.integer("a whole number of minutes"),
      v.minValue(1, "at least 1 minute"),
      v.maxValue(600, "at most 600 minutes"),
    ),
    seed: v.optional(
      v.pipe(
        v.record(
          v.pipe(v.string(), v.regex(/^[a-z][A-Za-z0-9_]{0,47}$/, "a name of letters, digits and _ as a key")),
          seed,
          "a map of names to { choose } or { from, to }",
        ),
        v.maxEntries(LIMITS.seeds, "at most 64 names"),
      ),
    ),
    hosts: v.optional(
      v.pipe(v.record(id, map({}, "{}"), "a map of hosts"), v.maxEntries(LIMITS.machines, "at most 16 hosts")),
    ),
    machines: v.pipe(
      v.record(machineName, machine, "a map of machines"),
      v.minEntries(1, "at least one machine"),
      v.maxEntries(LIMITS.machines, "at most 16 machines"),
    ),
    links: v.optional(links),
    layout: v.optional(
      v.pipe(
        v.array(
          v.union([panel, v.pipe(v.array(panel, "panels"), v.minLength(1, "panels"))], "a panel, or a list of panels"),
          "a list of panels",
        ),
        v.minLength(1, "at least one panel"),
        v.maxLength(16, "at most 16 places"),
        v.check((layout) => layout.flat().length <= 32, "at most 32 panels"),
      ),
    ),
    tasks: v.pipe(v.record(id, task, "a map of tasks"), v.maxEntries(LIMITS.tasks, "at most 128 tasks")),
    steps: v.pipe(
      v.array(step, "a list of steps"),
      v.minLength(1, "at least one step"),
      v.maxLength(LIMITS.steps, "at most 64 steps"),
    ),
  },
  "a map: version, id, title, minutes, machines, tasks, steps",
);

/** `lab.yaml` as written, once it has passed {@link labSchema}. */
export type LabFileContent = v.InferOutput<typeof labSchema>;
export type WrittenTask = LabFileContent["tasks"][string];
export type WrittenMachine = LabFileContent["machines"][string];
export type WrittenLink = NonNullable<LabFileContent["links"]>[string];
export type WrittenNic = NonNullable<WrittenMachine["nics"]>[number];
export type WrittenDisk = NonNullable<WrittenMachine["disks"]>[number];
export type WrittenScript = NonNullable<WrittenTask["check"]>;
export type WrittenSolution = NonNullable<WrittenTask["solve"]>;
export type WrittenDeed = Exclude<WrittenSolution, readonly unknown[]>;
export type WrittenHint = NonNullable<WrittenTask["hint"]>;
