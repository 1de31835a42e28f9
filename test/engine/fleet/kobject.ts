import type { DaxDevice } from '../../../src/engine/model/host.ts';
import type { Event } from '../../../src/engine/model/event.ts';
import { found } from '../support.ts';

/** One cdev as fs/char_dev.c has it: a refcount_t, the inode of its node with i_cdev, and the list that it is on. */
interface Kobject {
  count: number | 'saturated';
  /** inode->i_cdev. */
  seen: boolean;
  /** inode->i_devices is linked to a list head that cdev_init() made empty. */
  dangling: boolean;
  /** In cdev_map. */
  added: boolean;
  /** struct files of the node, by description: who refers to each. */
  readonly files: Map<string, Set<string>>;
}

/** What opens of the node and ends of its users come to, reckoned from the events of a host alone. */
export class Kobjects {
  readonly name: string;
  readonly #of = new Map<number, Kobject>();
  readonly #holders = new Map<string, { readonly instance: number; readonly description: string }>();
  #instance: number;

  /** As it is behind a boot, or new: nobody has anything open. */
  constructor({ name, instance, driver }: Pick<DaxDevice, 'name' | 'instance' | 'driver'>) {
    this.name = name;
    this.#instance = instance;
    const added = driver === 'device_dax';
    this.#of.set(instance, { ...fresh(), added, count: added ? 1 : 0 });
  }

  /** The one behind the present node. */
  get present(): Kobject {
    return found(this.#of.get(this.#instance));
  }

  /** That of an instance, while something of it is there. */
  of(instance: number): Kobject | undefined {
    const cdev = this.#of.get(instance);
    return instance === this.#instance || (cdev?.files.size ?? 0) > 0 ? cdev : undefined;
  }

  /** Whether chrdev_open() finds it, and takes a reference. */
  get opens(): boolean {
    const { seen, added, count } = this.present;
    return (seen || added) && count !== 0;
  }

  /** The instances whose inode was evicted by an event while it was on no list, and yet linked. */
  hear(event: Event): number[] {
    const corrupted: number[] = [];
    for (const change of event.changes) {
      if (change.op !== 'put' && change.op !== 'delete') continue;
      if (change.kind !== 'open_files' && change.kind !== 'mappings') continue;
      if (change.op === 'delete') corrupted.push(...this.#drop(change.id));
      else if (!this.#holders.has(change.id) && change.record.dax_device === this.name) {
        const { description, device_instance: instance } = change.record;
        // Anonymous memory of kmem has none.
        if (description !== null) this.#hold(change.id, { instance, description });
      }
    }
    if (event.type === 'dax_device_bound' && event.data['driver'] === 'device_dax') this.#init();
    if (event.type === 'removal_step_done' && event.data['step'] === 'cdev_del') this.#unmap();
    if (event.type === 'removal_completed') this.#delete(event);
    return corrupted;
  }

  #hold(id: string, held: { readonly instance: number; readonly description: string }): void {
    const cdev = found(this.#of.get(held.instance));
    const users = cdev.files.get(held.description) ?? new Set();
    if (users.size === 0) {
      if (cdev.count !== 'saturated') cdev.count += 1;
      cdev.seen = true;
    }
    cdev.files.set(held.description, users.add(id));
    this.#holders.set(id, held);
  }

  #drop(id: string): number[] {
    const held = this.#holders.get(id);
    if (held === undefined) return [];
    this.#holders.delete(id);
    const cdev = found(this.#of.get(held.instance));
    const users = found(cdev.files.get(held.description));
    users.delete(id);
    if (users.size > 0) return [];
    cdev.files.delete(held.description);
    put(cdev);
    const isEvicted = held.instance !== this.#instance && cdev.files.size === 0;
    return isEvicted && cdev.dangling ? [held.instance] : [];
  }

  #init(): void {
    const cdev = this.present;
    cdev.dangling ||= cdev.seen;
    cdev.count = 1;
    cdev.added = true;
  }

  #unmap(): void {
    this.present.added = false;
    put(this.present);
  }

  /** unregister_dev_dax(): the node is deleted, and the next one is another. */
  #delete({ changes }: Event): void {
    for (const change of changes) {
      if (change.op !== 'put' || change.kind !== 'dax_devices' || change.id !== this.name) continue;
      if (change.record.instance === this.#instance) continue;
      this.#instance = change.record.instance;
      this.#of.set(this.#instance, { ...fresh(), added: false, count: 0 });
    }
  }
}

function fresh(): Kobject {
  return { count: 1, seen: false, dangling: false, added: true, files: new Map() };
}

/** kobject_put(): the last reference purges the list, on which an inode that dangles is not. */
function put(cdev: Kobject): void {
  if (cdev.count === 'saturated') return;
  if (cdev.count === 0) {
    cdev.count = 'saturated';
    return;
  }
  cdev.count -= 1;
  if (cdev.count === 0 && !cdev.dangling) cdev.seen = false;
}
