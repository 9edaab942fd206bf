import * as v from "valibot";

/** The catalogue of built guest images, `images/built/manifest.json`. */

const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits"));
const size = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64 << 20));
const partEntries = {
  /** Name beside the manifest; carries a hash of the content, so that it may be cached for ever. */
  file: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9.-]*\.gz$/, "expected a plain file name ending in .gz")),
  /** Of the gzip file as shipped. */
  bytes: size,
  sha256: digest,
  /** Of the content. */
  rawBytes: size,
  rawSha256: digest,
};
const part = v.object(partEntries);

const common = {
  title: v.string(),
  build: v.object({ command: v.string(), recipe: v.string(), compiler: v.optional(v.string()) }),
  sources: v.array(
    v.looseObject({ package: v.string(), version: v.string(), licence: v.string(), parts: v.array(v.string()) }),
  ),
};
const layers = v.record(v.string(), v.object({ ...partEntries, tools: v.array(v.string()) }));

const linux = v.object({
  ...common,
  boot: v.optional(v.literal("linux"), "linux"),
  /** What its drivers expect to run on, beside a bare PC. */
  platform: v.optional(v.literal("xen")),
  commandLine: v.pipe(v.string(), v.maxLength(2000)),
  parts: v.objectWithRest({ kernel: part, initramfs: part, rom: part }, part),
  layers,
});

/** The teaching hypervisor: ELF files for the multiboot protocol, and the layout of what they keep in memory. */
const multiboot = v.object({
  ...common,
  boot: v.literal("multiboot"),
  /** Of the machine, in MiB: what the hypervisor is built for. */
  memory: v.pipe(v.number(), v.integer(), v.minValue(8), v.maxValue(512)),
  parts: v.objectWithRest({ traced: part, clean: part, exercises: part, layout: part }, part),
  layers: v.optional(layers, {}),
});

/** Chosen by `boot` before anything else, so that a fault is named where it is. */
const image = v.lazy((input) =>
  (input as { boot?: unknown } | null)?.boot === "multiboot" ? multiboot : linux,
) as v.GenericSchema<unknown, LinuxImage | MultibootImage>;

const manifest = v.object({ version: v.literal(1), images: v.record(v.string(), image) });

export type Part = v.InferOutput<typeof part>;
export type LinuxImage = v.InferOutput<typeof linux>;
export type MultibootImage = v.InferOutput<typeof multiboot>;
export type Image = LinuxImage | MultibootImage;
export type Manifest = v.InferOutput<typeof manifest>;

/** Thrown when an image, or the catalogue of images, is not what it should be. The message names it. */
export class ImageError extends Error {
  override name = "ImageError";
}

/** @throws ImageError naming the path in the manifest that is wrong */
export function parseManifest(data: unknown): Manifest {
  const result = v.safeParse(manifest, data);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new ImageError(`The image manifest is wrong at \`${v.getDotPath(issue) ?? "its top"}\`: ${issue.message}.`);
}

/** @throws ImageError naming the images there are */
export function findImage(manifest: Manifest, name: string): Image {
  const found = Object.hasOwn(manifest.images, name) ? manifest.images[name] : undefined;
  if (found) return found;
  const names = Object.keys(manifest.images).join(", ");
  throw new ImageError(`There is no image called \`${name}\`. This site has: ${names}.`);
}
