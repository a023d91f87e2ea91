/** Pieces that the commands of the command line share. */
import { Command, InvalidArgumentError } from 'commander';

/** A command that throws instead of exiting, its sub-commands too. */
export function command(name: string): Command {
  return new Command(name).exitOverride().showSuggestionAfterError();
}

export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
export const collectWords = (value: string, before: readonly string[]): readonly string[] => [
  ...before,
  ...value
    .split(',')
    .map(word => word.trim())
    .filter(Boolean),
];

export function positive(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('a whole number from 1 on is needed');
  return number;
}
