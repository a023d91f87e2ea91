/** Reads the YAML files that a playbook names. */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import type { Place } from '../core/diagnostic.ts';
import { loadYaml, type YamlDocument } from '../core/yaml.ts';
import type { Report } from './context.ts';

/** As it is shown: relative to the file that names it, so that it can be found from where the run was started. */
export function besideFile(file: string, name: string): string {
  return isAbsolute(name) ? normalize(name) : join(dirname(file), name);
}

/** What is wrong with the file is reported; undefined when there is nothing to look at. */
export function readYaml(file: string, report: Report, named?: Place): YamlDocument | undefined {
  const text = readText(file);
  if (typeof text !== 'string') {
    const diagnostic = { severity: 'error', message: `cannot read ${file}: ${text.reason}` } as const;
    report.add(named === undefined ? diagnostic : { ...diagnostic, place: named });
    return undefined;
  }
  if (text.startsWith('$ANSIBLE_VAULT')) {
    report.error('files encrypted by ansible-vault are not supported in this version', {
      file,
      line: 1,
      column: 1,
    });
    return undefined;
  }
  const document = loadYaml(file, text);
  report.addDocument(document);
  return document.readable ? document : undefined;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

function readText(file: string): string | { reason: string } {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    return { reason: reasons[String(error.code)] ?? error.message };
  }
}
