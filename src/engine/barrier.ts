/** Where hosts of a batch wait for one another: tasks that read what others know, and tasks that run once. */
import type { Node, TaskNode } from '../core/play.ts';
import type { HostState } from './host.ts';

/** What a task that ran once gave, for the hosts that did not run it. */
export type OnceResult = { readonly apply: (state: HostState) => void; readonly failed: boolean };

interface Progress {
  readonly done: Set<Node>;
  waitingAt: Node | undefined;
  left: boolean;
}

export class Barrier {
  readonly #progress: Map<HostState, Progress>;
  readonly #once = new Map<TaskNode, OnceResult>();
  #wake: (() => void)[] = [];

  constructor(hosts: readonly HostState[]) {
    this.#progress = new Map(
      hosts.map(host => [host, { done: new Set<Node>(), waitingAt: undefined, left: false }]),
    );
  }

  /** The host is through with this node, run or skipped. */
  pass(host: HostState, node: Node): void {
    this.#of(host).done.add(node);
    this.#notify();
  }

  /** The host takes no more part in the play. */
  leave(host: HostState): void {
    this.#of(host).left = true;
    this.#notify();
  }

  /** Until every other host has come as far as `node`, or can come no further. */
  async arrive(host: HostState, node: Node): Promise<void> {
    await this.#waitUntil(host, node, () => this.#everyOtherAt(host, node));
  }

  /** Runs `act` on the first host that can; the others get its result when it is there. */
  async once(
    host: HostState,
    node: TaskNode,
    act: () => Promise<OnceResult>,
  ): Promise<{ result: OnceResult; ran: boolean }> {
    await this.#waitUntil(host, node, () => this.#once.has(node) || this.#leader() === host);
    const known = this.#once.get(node);
    if (known) return { result: known, ran: false };
    const result = await act();
    this.#once.set(node, result);
    this.#notify();
    return { result, ran: true };
  }

  #of(host: HostState): Progress {
    const progress = this.#progress.get(host);
    if (progress === undefined) throw new Error(`${host.name} is not in this batch`);
    return progress;
  }

  #leader(): HostState | undefined {
    return [...this.#progress].find(([, { left }]) => !left)?.[0];
  }

  #everyOtherAt(host: HostState, node: Node): boolean {
    return [...this.#progress].every(
      ([other, { done, waitingAt, left }]) => other === host || left || done.has(node) || waitingAt === node,
    );
  }

  /** All who are left wait: nobody can come further, so whoever waits first goes on. */
  #isStuck(): boolean {
    return [...this.#progress.values()].every(({ left, waitingAt }) => left || waitingAt !== undefined);
  }

  async #waitUntil(host: HostState, node: Node, ready: () => boolean): Promise<void> {
    const progress = this.#of(host);
    progress.waitingAt = node;
    this.#notify();
    while (!ready() && !(this.#isStuck() && this.#firstWaiting() === host))
      await new Promise<void>(wake => this.#wake.push(wake));
    progress.waitingAt = undefined;
  }

  #firstWaiting(): HostState | undefined {
    return [...this.#progress].find(([, { left, waitingAt }]) => !left && waitingAt !== undefined)?.[0];
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
