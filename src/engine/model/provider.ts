/** Who made the nd or dax region: the `provider` ndctl prints, `hmem` for soft-reserved memory. */
export const PROVIDERS = ['ACPI.NFIT', 'e820', 'virtio-pmem', 'CXL', 'hmem'] as const;

/** Who made the region of a device, as far as the model knows what each does. */
export type Provider = (typeof PROVIDERS)[number];

/**
 * Whether its regions are of no dimms: there are no labels, and struct pages come with the bus, without an info block
 * [M126]. Source: drivers/nvdimm/e820.c e820_register_one(), virtio_pmem.c virtio_pmem_probe(), v6.12.
 */
export function isWithoutLabels(provider: string | null): boolean {
  return provider === 'e820' || provider === 'virtio-pmem';
}

/** Whether the model knows what this provider does: not that of another bus, nor one that nobody has told. */
export function isModelledProvider(provider: string | null): provider is Provider {
  return PROVIDERS.some((known) => known === provider);
}
