/** Two instances of one identity: they would take each other's CI jobs and mail. Found, and kept apart where allowed. */
import { ruby } from '../gitlab/config.ts';
import type { Commissioned } from '../gitlab/gitlab.ts';

const BEGIN = '# girofle: a twin takes no CI jobs and reads no mail; provisioning takes these lines away';
const END = '# girofle: end of the twin';

/** nginx answers in GitLab's place when a runner asks for a job; what was set there before stays. */
const SETTINGS = [
  `nginx['custom_gitlab_server_config'] = "#{nginx['custom_gitlab_server_config']}\\nlocation = /api/v4/jobs/request { return 403; }\\n"`,
  `gitlab_rails['incoming_email_enabled'] = ${ruby(false)}`,
  `gitlab_rails['service_desk_email_enabled'] = ${ruby(false)}`,
];

/** GITLAB_OMNIBUS_CONFIG of a twin. */
export function muted(config: string): string {
  return [unmuted(config), BEGIN, ...SETTINGS, END].filter(line => line !== '').join('\n');
}

/** The same without these lines: a backup of a twin has them. */
export function unmuted(config: string): string {
  const lines = config.split('\n');
  const [from, to] = [lines.indexOf(BEGIN), lines.indexOf(END)];
  return from < 0 || to < from ? config : [...lines.slice(0, from), ...lines.slice(to + 1)].join('\n');
}

/** A running instance, and the SHA-256 of its config/gitlab-secrets.json; '' when it could not be read. */
export interface Living {
  readonly instance: Commissioned;
  readonly sha256: string;
}

/** @param identity SHA-256 of the file in the backup; '' when it is not known */
export function twinsOf(identity: string, living: readonly Living[]): readonly Living[] {
  return identity === '' ? [] : living.filter(({ sha256 }) => sha256 === identity);
}

/** What `muted` adds, for the result. */
export const MUTED: readonly string[] = [
  'POST /api/v4/jobs/request answers 403',
  'incoming_email_enabled = false',
  'service_desk_email_enabled = false',
];
