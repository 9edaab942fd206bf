// bare-image.mjs BZIMAGE KERNEL OUT: the boot sector and setup code of BZIMAGE, then KERNEL as it is.
//
// Offsets are those of the setup header, Documentation/x86/boot.rst.

import { readFileSync, writeFileSync } from "node:fs";

/** Number of 512-byte setup sectors that follow the boot sector; 0 means 4. */
const SETUP_SECTORS = 0x1f1;
/** Size of the protected-mode code, in units of 16 bytes. */
const SYSTEM_SIZE = 0x1f4;

const [bzImagePath, kernelPath, outPath] = process.argv.slice(2);
const bzImage = readFileSync(bzImagePath);
const kernel = readFileSync(kernelPath);

const setup = Buffer.from(bzImage.subarray(0, ((bzImage[SETUP_SECTORS] || 4) + 1) * 512));
const padding = Buffer.alloc(-kernel.length & 15);
setup.writeUInt32LE((kernel.length + padding.length) / 16, SYSTEM_SIZE);
writeFileSync(outPath, Buffer.concat([setup, kernel, padding]));
