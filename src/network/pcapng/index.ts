/** Capture files: pcapng written and read, classic pcap read. */
export { frameBlock, interfaceBlock, sectionBlock, statisticsBlock } from "./blocks.ts";
export { type Capture, type CaptureFrame, type CaptureInterface, ETHERNET } from "./capture.ts";
export { captureOf } from "./fabric.ts";
export type { CaptureFault, FaultKind } from "./fault.ts";
export { LARGEST_FILE, openCapture } from "./open.ts";
export { captureBlocks, writeCapture } from "./write.ts";
