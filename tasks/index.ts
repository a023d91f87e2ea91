/** The registry: every task module by name. Adding a module is one line here; keep the lines sorted. */
import type { AnyTaskModule } from '../src/core/task-module.ts';

const all: readonly AnyTaskModule[] = [
];

export const modules: ReadonlyMap<string, AnyTaskModule> = new Map(all.map(module => [module.name, module]));
