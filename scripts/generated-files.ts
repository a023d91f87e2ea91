/** Every committed file that is made from the registry, by its path. */
import type { AnyTaskModule } from '../src/core/task-module.ts';
import { inventorySchema, playbookSchema, tasksSchema } from './editor-schemas.ts';
import { moduleIndex, modulePage } from './module-docs.ts';

export function generatedFiles(registry: ReadonlyMap<string, AnyTaskModule>): ReadonlyMap<string, string> {
  const json = (schema: object) => `${JSON.stringify(schema, null, 2)}\n`;
  return new Map([
    ['schemas/playbook.json', json(playbookSchema(registry))],
    ['schemas/tasks.json', json(tasksSchema())],
    ['schemas/inventory.json', json(inventorySchema())],
    ['docs/modules/README.md', moduleIndex(registry)],
    ...[...registry.values()].map(module => [`docs/modules/${module.name}.md`, modulePage(module)] as const),
  ]);
}
