/** Docker Engine: installed by the host's package manager, configured, started, and answering. */
import { type Static, Type } from 'typebox';
import { Flag } from '../src/core/args.ts';
import { all, probe, probeDocker } from '../src/core/probe.ts';
import { sh } from '../src/core/sh.ts';
import type { Step, StepOutput } from '../src/core/step.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';
import { isMap, type Value, type ValueMap } from '../src/core/value.ts';
import { canonical, digText } from './docker/dig.ts';
import {
  enableScript,
  enginePackage,
  type Installer,
  installScript,
  parseSurvey,
  refreshScript,
  restartScript,
  type Survey,
  startScript,
  surveyScript,
} from './docker/engine.ts';
import { isDockerAnswer } from './docker/probe.ts';

const FOLDER = '/etc/docker';
const CONFIG = `${FOLDER}/daemon.json`;

const args = Type.Object(
  {
    package: Type.Optional(
      Type.String({ description: "Package to install; by default the distribution's own" }),
    ),
    config: Type.Optional(
      Type.Unsafe<ValueMap>({
        type: 'object',
        description: `What ${CONFIG} holds, whole; another content restarts the daemon`,
      }),
    ),
    started: Flag('It runs and answers', true),
    enabled: Flag('It starts at boot, where a service manager is running', true),
    timeout: Type.Integer({ description: 'Seconds to wait for its first answer', default: 60, minimum: 1 }),
  },
  { additionalProperties: false },
);

type Args = Static<typeof args>;

interface Seen {
  /** What /version says, or null when no daemon answers. */
  readonly version: ValueMap | null;
  readonly host: Survey;
}

function plan(given: Args, { version, host }: Seen): Plan {
  const answers = version !== null;
  const installed = answers || (host.daemon !== '' && !host.partial);
  const installer = installed ? undefined : enginePackage(host, given.package);
  if (installer !== undefined && 'refusal' in installer)
    return refuse(installer.refusal, { hint: installer.hint });
  const configure = configuration(given, host);
  return [
    ...(installer === undefined ? [] : installation(installer, host)),
    ...configure,
    ...starting(given, answers, configure.length > 0),
    ...enabling(given, host, installed),
  ];
}

function script(say: string, text: ReturnType<typeof sh>, limit: number): Step {
  return { say, streams: true, action: { kind: 'script', text, limit } };
}

function installation(installer: Installer, { lists }: Survey): readonly Step[] {
  const refresh = script('fetch the package lists', refreshScript(installer), 600);
  const install = script(
    `install Docker Engine (${installer.packages.join(', ')})`,
    installScript(installer),
    1800,
  );
  return lists ? [install] : [refresh, install];
}

function configuration({ config }: Args, { config: before, folder }: Survey): readonly Step[] {
  const after = `${JSON.stringify(config, null, 2)}\n`;
  if (config === undefined || sameJson(before, after)) return [];
  const write: Step = {
    say: `write ${CONFIG}`,
    diff: { title: CONFIG, before: before === '' ? null : before, after },
    action: { kind: 'write', file: { path: CONFIG, content: Buffer.from(after), mode: '0644' } },
  };
  return folder ? [write] : [script(`create ${FOLDER}`, sh`mkdir -p ${FOLDER}`, 10), write];
}

function sameJson(before: string, after: string): boolean {
  const [one, other] = [before, after].map(parse);
  return one !== undefined && canonical(one) === canonical(other);
}

function parse(text: string): Value | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function starting({ started, timeout }: Args, answers: boolean, configured: boolean): readonly Step[] {
  if (!started || (answers && !configured)) return [];
  const begin = answers
    ? script('restart Docker Engine', restartScript(timeout), timeout * 3)
    : script('start Docker Engine', startScript(timeout), timeout * 3);
  return [begin, answering(timeout)];
}

function answering(timeout: number): Step {
  return {
    say: 'wait until Docker Engine answers',
    changes: false,
    action: {
      kind: 'wait',
      wait: {
        request: { via: 'docker', call: { method: 'GET', path: '/version' } },
        judge: answer => {
          if (!isDockerAnswer(answer)) throw new Error('a wait for Docker was not answered by Docker');
          return answer.status === 200
            ? { done: true }
            : { again: answer.message ?? `it answers ${answer.status}` };
        },
        timeout,
        interval: 0.5,
      },
    },
  };
}

/** A fresh package enables its service by itself nearly everywhere; saying it again is harmless. */
function enabling({ enabled }: Args, host: Survey, installed: boolean): readonly Step[] {
  const text = enableScript(host.init);
  const already = host.enabled && installed;
  return !enabled || already || text === undefined ? [] : [script('start Docker Engine at boot', text, 60)];
}

function result(_given: Args, { version }: Seen, outputs: readonly StepOutput[]): ValueMap {
  const answers = outputs.flatMap(({ answer }) =>
    isDockerAnswer(answer) && isMap(answer.body) ? [answer.body] : [],
  );
  const now = answers.at(-1) ?? version ?? undefined;
  return { version: digText(now, 'Version'), api_version: digText(now, 'ApiVersion') };
}

export const docker_engine = defineTask({
  name: 'docker_engine',
  summary: 'Docker Engine is installed, runs and answers',
  description: `On Debian and Ubuntu docker.io is installed, on Fedora moby-engine, on Alpine docker; elsewhere it must be there, or
"package" names it. It is started by the service manager; where none is running (inside a container, say), dockerd is started by itself
and logs to /var/log/docker.log.`,
  args,
  examples: `
- name: Docker Engine
  docker_engine:

- name: Docker Engine with small logs
  docker_engine:
    config:
      log-driver: json-file
      log-opts: { max-size: 10m, max-file: "3" }
      live-restore: true
`,
  returns: { version: 'Version of the engine that answers', api_version: 'Version of its API' },
  probe: () =>
    all({
      version: probeDocker({ method: 'GET', path: '/version' }, ({ status, body }) =>
        status === 0 ? null : isMap(body) ? body : {},
      ),
      host: probe(surveyScript, parseSurvey),
    }),
  plan,
  result,
});
