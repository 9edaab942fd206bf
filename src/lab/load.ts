/** A lab's folder, wherever it is. */
export interface LabSource {
  /** For people: an address that ends in `/`, or a folder. */
  readonly address: string;
  /** True when the folder does not belong to this site. */
  readonly foreign: boolean;
  /**
   * @param path relative to the folder, for example `files/setup.sh`
   * @param limit most bytes the file may have
   * @throws LoadError naming the address
   */
  read(path: string, limit: number): Promise<Uint8Array>;
}
