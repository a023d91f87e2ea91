/** An open connection to one host, whatever the wire: one shell for each user, uploads, sockets, Docker. */
import type { Duplex } from 'node:stream';
import type { DockerAnswer, DockerCall } from '../core/docker.ts';
import type {
  Become,
  Connection,
  DialTarget,
  ExchangeOptions,
  Outcome,
  Script,
  Upload,
} from '../core/transport.ts';
import { other } from './become.ts';
import { orAbort, within } from './channel.ts';
import { Shell } from './shell.ts';
import { Slots } from './slots.ts';
import { upload } from './upload.ts';
import type { Wire } from './wire.ts';

/** Shells kept at a time; each takes one of the few sessions that sshd allows. */
const MOST_SHELLS = 4;
const MOST_DOCKER_CALLS = 8;

type DockerOptions = NonNullable<Parameters<Connection['docker']>[1]>;
type Docker = import('./docker.ts').Docker;

export class HostConnection implements Connection {
  readonly user: string;
  readonly #wire: Wire;
  /** In the order of use, the latest last. */
  readonly #shells = new Map<string, Shell>();
  readonly #dockerCalls = new Slots(MOST_DOCKER_CALLS);
  #docker: Promise<Docker> | undefined;
  #exchanges = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
    this.user = wire.loginUser;
  }

  get exchanges(): number {
    return this.#exchanges;
  }

  async exchange(scripts: readonly Script[], options: ExchangeOptions = {}): Promise<readonly Outcome[]> {
    if (scripts.length === 0) return [];
    this.#exchanges += 1;
    return this.#shell(options.as).exchange(scripts, options);
  }

  upload(content: Upload, options: ExchangeOptions = {}): Promise<void> {
    return upload(this.#wire, content, options);
  }

  async dial(
    target: DialTarget,
    { signal, timeout }: { signal?: AbortSignal; timeout?: number } = {},
  ): Promise<Duplex> {
    const lost = this.#wire.lost();
    if (lost) throw lost;
    const opening = this.#wire.dial(target, signal);
    const discard = () =>
      void opening.then(
        stream => stream.destroy(),
        () => {},
      );
    if (timeout === undefined) return opening;
    const settled = await orAbort(within(timeout * 1000, opening), signal).catch((error: unknown) => {
      discard();
      throw error;
    });
    if (settled) return opening;
    discard();
    const place = 'socket' in target ? target.socket : `${target.host} port ${target.port}`;
    throw new Error(`${this.#wire.host}: no answer from ${place} within ${timeout} s`);
  }

  async docker(call: DockerCall, options: DockerOptions = {}): Promise<DockerAnswer> {
    this.#docker ??= import('./docker.ts').then(({ Docker }) => new Docker(this.#wire, this));
    const docker = await this.#docker;
    return this.#dockerCalls.during(() => docker.call(call, options));
  }

  async close(): Promise<void> {
    const docker = this.#docker;
    this.#docker = undefined;
    await docker?.then(
      open => open.close(),
      () => {},
    );
    const open = [...this.#shells.values()].filter(shell => !(shell.idle && this.#wire.endsShells));
    await Promise.all(open.map(shell => shell.close()));
    this.#shells.clear();
    await within(2000, this.#wire.close());
  }

  #shell(as: Become | undefined): Shell {
    const become = other(this.#wire, as);
    const key = JSON.stringify(become ? [become.user, become.password, become.flags ?? []] : []);
    const shell = this.#shells.get(key) ?? new Shell(this.#wire, become);
    this.#shells.delete(key);
    this.#makeRoom();
    this.#shells.set(key, shell);
    return shell;
  }

  #makeRoom(): void {
    for (const [key, shell] of this.#shells) {
      if (this.#shells.size < MOST_SHELLS) return;
      if (!shell.idle) continue;
      this.#shells.delete(key);
      void shell.close();
    }
  }
}
