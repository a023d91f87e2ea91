/** What plays, blocks and tasks hand down: the nearer one wins; conditions, tags, variables and environment add up. */
import type { Inherited } from '../core/play.ts';
import type { ValueMap } from '../core/value.ts';
import type { Context, Path } from './context.ts';
import { varsLayer } from './layers.ts';
import { moduleDefaults } from './module-defaults.ts';
import {
  field,
  flag,
  tagsOf,
  writtenConditions,
  writtenList,
  writtenNumber,
  writtenText,
  writtenTexts,
  writtenTruth,
} from './values.ts';

export const nothingInherited: Inherited = { when: [], tags: [], vars: [], environment: [] };

/** The context for what stands inside a block, or for a task itself. */
export function inheritFrom(keywords: ValueMap, path: Path, context: Context, origin: string): Context {
  const vars = varsLayer(origin, keywords.vars, [...path, 'vars'], context);
  const inherited = merge(context.inherited, keywords, path, context);
  return {
    ...context,
    inherited: { ...inherited, vars: [...inherited.vars, ...vars] },
    notify: [...context.notify, ...writtenTexts(keywords, 'notify', path, context)],
    defaults: [...context.defaults, ...moduleDefaults(keywords, path, context)],
  };
}

/** A play's own: its variables are the play's, not handed down with each task. */
export function inheritFromPlay(keywords: ValueMap, path: Path, context: Context): Context {
  return {
    ...context,
    inherited: merge(context.inherited, keywords, path, context),
    defaults: [...context.defaults, ...moduleDefaults(keywords, path, context)],
  };
}

function merge(outer: Inherited, keywords: ValueMap, path: Path, context: Context): Inherited {
  return {
    ...outer,
    when: [...outer.when, ...writtenConditions(keywords, 'when', path, context)],
    tags: [...new Set([...outer.tags, ...tagsOf(keywords)])],
    environment: [...outer.environment, ...writtenList(keywords, 'environment', path, context)],
    ...field('become', writtenTruth(keywords, 'become', path, context)),
    ...field('becomeUser', writtenText(keywords, 'become_user', path, context)),
    ...field('becomeMethod', writtenText(keywords, 'become_method', path, context)),
    ...field('ignoreErrors', writtenTruth(keywords, 'ignore_errors', path, context)),
    ...field('ignoreUnreachable', writtenTruth(keywords, 'ignore_unreachable', path, context)),
    ...field('anyErrorsFatal', flag(keywords, 'any_errors_fatal')),
    ...field('noLog', writtenTruth(keywords, 'no_log', path, context)),
    ...field('delegateTo', writtenText(keywords, 'delegate_to', path, context)),
    ...field('delegateFacts', flag(keywords, 'delegate_facts')),
    ...field('runOnce', writtenTruth(keywords, 'run_once', path, context)),
    ...field('checkMode', writtenTruth(keywords, 'check_mode', path, context)),
    ...field('diff', flag(keywords, 'diff')),
    ...field('timeout', writtenNumber(keywords, 'timeout', path, context)),
  };
}
