/** What the registers behind a device's ports are called, as its manual has them. */

/** Gives a register's name by its offset from the first port, the page that is switched in, and the direction. */
export type RegisterName = (offset: number, page: number, write: boolean) => string;

/** Registers of a DP8390 by page (National Semiconductor DP8390D/NS32490D, "Register Address Assignments"). */
const DP8390_READ = [
  "CLDA0 CLDA1 BNRY TSR NCR FIFO ISR CRDA0 CRDA1 8019ID0 8019ID1 RSR CNTR0 CNTR1 CNTR2",
  "PAR0 PAR1 PAR2 PAR3 PAR4 PAR5 CURR MAR0 MAR1 MAR2 MAR3 MAR4 MAR5 MAR6 MAR7",
  "PSTART PSTOP RNPP TPSR LNPP ACU ACL - - - - RCR TCR DCR IMR",
].map((page) => page.split(" "));
const DP8390_WRITE = [
  "PSTART PSTOP BNRY TPSR TBCR0 TBCR1 ISR RSAR0 RSAR1 RBCR0 RBCR1 RCR TCR DCR IMR",
  "PAR0 PAR1 PAR2 PAR3 PAR4 PAR5 CURR MAR0 MAR1 MAR2 MAR3 MAR4 MAR5 MAR6 MAR7",
  "CLDA0 CLDA1 RNPP - LNPP ACU ACL - - - - - - - -",
].map((page) => page.split(" "));

/** Behind the DP8390's sixteen, an NE2000 has its data port and a reset port. */
const NE2000_DATA = 0x10;
const NE2000_RESET = 0x18;

export const ne2000Register: RegisterName = (offset, page, write) => {
  if (offset === 0) return "CR";
  if (offset >= NE2000_RESET) return "reset";
  if (offset >= NE2000_DATA) return "data (remote DMA)";
  const name = (write ? DP8390_WRITE : DP8390_READ)[page]?.[offset - 1] ?? "-";
  return name === "-" ? `page ${page}, register ${offset}` : name;
};

/** Command block of an ATA channel (ATA/ATAPI-6, 7): where two names stand, the first is read and the second written. */
const ATA = [
  ["data", "data"],
  ["error", "features"],
  ["sector count", "sector count"],
  ["LBA low", "LBA low"],
  ["LBA mid", "LBA mid"],
  ["LBA high", "LBA high"],
  ["device", "device"],
  ["status", "command"],
] as const;

export const ataRegister: RegisterName = (offset, _page, write) => ATA[offset]?.[write ? 1 : 0] ?? "-";
export const ataControlRegister: RegisterName = (_offset, _page, write) =>
  write ? "device control" : "alternate status";

/** Bus master registers of a channel (Programming Interface for Bus Master IDE Controller, revision 1.0). */
export const busMasterRegister: RegisterName = (offset) => {
  if (offset >= 4) return "PRD table address";
  return offset >= 2 ? "bus master status" : "bus master command";
};

/** ATA commands that Linux uses for a disk (ATA/ATAPI-6, 8). */
export const ATA_COMMANDS: Readonly<Record<number, string>> = {
  32: "READ SECTORS",
  36: "READ SECTORS EXT",
  37: "READ DMA EXT",
  41: "READ MULTIPLE EXT",
  48: "WRITE SECTORS",
  52: "WRITE SECTORS EXT",
  53: "WRITE DMA EXT",
  57: "WRITE MULTIPLE EXT",
  196: "READ MULTIPLE",
  197: "WRITE MULTIPLE",
  198: "SET MULTIPLE MODE",
  200: "READ DMA",
  202: "WRITE DMA",
  231: "FLUSH CACHE",
  234: "FLUSH CACHE EXT",
  236: "IDENTIFY DEVICE",
  239: "SET FEATURES",
};

/** `struct virtio_pci_common_cfg` (virtio 1.2, 4.1.4.3): offset of each field. */
const COMMON_CONFIGURATION: readonly (readonly [offset: number, name: string])[] = [
  [0, "device_feature_select"],
  [4, "device_feature"],
  [8, "driver_feature_select"],
  [12, "driver_feature"],
  [16, "msix_config"],
  [18, "num_queues"],
  [20, "device_status"],
  [21, "config_generation"],
  [22, "queue_select"],
  [24, "queue_size"],
  [26, "queue_msix_vector"],
  [28, "queue_enable"],
  [30, "queue_notify_off"],
  [32, "queue_desc"],
  [40, "queue_driver"],
  [48, "queue_device"],
];

/** The four structures as v86 lays them out, one behind each base address register. */
const VIRTIO_STRUCTURES: readonly RegisterName[] = [
  (offset) => COMMON_CONFIGURATION.filter(([at]) => at <= offset).at(-1)![1],
  () => "queue notify",
  () => "ISR status",
  () => "device configuration",
];

/** @param bar number of the base address register */
export const virtioRegister = (bar: number): RegisterName => VIRTIO_STRUCTURES[bar] ?? (() => "-");
