const GIB = 2 ** 30;

/** The `at`-th card of a machine, as `cxl list -M` prints it. */
export const listedCard = (at: number) => ({ memdev: `mem${String(at)}`, ram_size: GIB, serial: at + 1 });

/** The dax device on its region, as daxctl prints it. */
export const listedDax = (at: number) => ({ chardev: `dax${String(at)}.0`, size: GIB, mode: 'devdax' });

/** The region that decodes to that card, as `cxl list -RTX` prints it: `inside` it stands the device. */
export const listedCxlRegion = (
  at: number,
  inside: object = { daxregion: { id: at, devices: [listedDax(at)] } },
) => ({
  region: `region${String(at)}`,
  resource: (at + 4) * GIB,
  size: GIB,
  type: 'ram',
  interleave_ways: 1,
  decode_state: 'commit',
  mappings: [{ position: 0, memdev: `mem${String(at)}`, decoder: `decoder${String(at + 2)}.0` }],
  ...inside,
});
