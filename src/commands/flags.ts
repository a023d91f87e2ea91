/** What the command line says about a run. */

/** As commander gives them. */
export interface RunFlags {
  readonly inventory: readonly string[];
  readonly limit?: string;
  readonly extraVars: readonly string[];
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly forks: number;
  readonly plan?: boolean;
  readonly check?: boolean;
  readonly dryRun?: boolean;
  readonly detailedExitcode?: boolean;
  readonly diff?: boolean;
  readonly become?: boolean;
  readonly becomeUser?: string;
  readonly askBecomePass?: boolean;
  readonly user?: string;
  readonly privateKey?: string;
  readonly startAtTask?: string;
  readonly listHosts?: boolean;
  readonly listTasks?: boolean;
  readonly syntaxCheck?: boolean;
  readonly output?: 'pretty' | 'plain' | 'ndjson';
  readonly verbose: number;
}

export function isPlanning({ plan, check, dryRun }: RunFlags): boolean {
  return plan === true || check === true || dryRun === true;
}
