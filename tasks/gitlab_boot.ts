/** What a host does by itself after each boot: it repairs what the boot cut short, and starts what should run. */
import { type Static, Type } from 'typebox';
import { Choice } from '../src/core/args.ts';
import { all, type Probe, probe as probeScript } from '../src/core/probe.ts';
import { type FileContent, fileContent } from '../src/core/probes/content.ts';
import { type PathState, pathState } from '../src/core/probes/path.ts';
import { sh } from '../src/core/sh.ts';
import type { Step } from '../src/core/step.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';
import type { ValueMap } from '../src/core/value.ts';
import { bootHome, bootScript, bootScriptPath } from './boot/script.ts';
import {
  type BootFile,
  type BootSurvey,
  bootFile,
  bootSurvey,
  enableText,
  type Manager,
  readBootSurvey,
  removeText,
} from './boot/unit.ts';

const args = Type.Object(
  {
    state: Choice(['present', 'absent'], 'Whether the host does that', 'present'),
    root: Type.String({
      description: "Directory of all instances' directories",
      default: '/girofle',
      pattern: '^/',
    }),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

const MANAGERS = ['systemd', 'openrc', 'cron'] as const;

interface SeenFile {
  readonly content: FileContent;
  readonly state: PathState;
}

interface Seen {
  readonly survey: BootSurvey;
  readonly home: PathState;
  readonly script: SeenFile;
  /** Of each manager: a host may have had another one. */
  readonly units: Readonly<Record<Manager, SeenFile>>;
}

const seenFile = (path: string): Probe<SeenFile> =>
  all({ content: fileContent(path), state: pathState(path) });

function probe({ root }: Args): Probe<Seen> {
  return all({
    survey: probeScript(bootSurvey(root), readBootSurvey),
    home: pathState(bootHome(root)),
    script: seenFile(bootScriptPath(root)),
    units: all({
      systemd: seenFile(bootFile(root, 'systemd').path),
      openrc: seenFile(bootFile(root, 'openrc').path),
      cron: seenFile(bootFile(root, 'cron').path),
    }),
  });
}

function scriptFile(root: string): BootFile {
  return {
    path: bootScriptPath(root),
    content: `#!/bin/sh\n${bootScript(root).text}\n`,
    mode: '0700',
  };
}

function plan(given: Args, seen: Seen): Plan {
  const { root, state } = given;
  const { manager, enabled } = seen.survey;
  if (state === 'absent') return removal(given, seen);
  if (manager === 'none')
    return refuse(
      'nothing starts programs at boot on this host: neither systemd nor OpenRC with /etc/local.d runs it, and there is no /etc/cron.d',
      { hint: 'install cron (package: name=cron)' },
    );
  if (seen.home.exists && seen.home.type === 'link') return refuse(`${bootHome(root)} is a symbolic link`);
  const unit = writing(bootFile(root, manager), seen.units[manager]);
  const enable = unit.length > 0 ? manager !== 'cron' : !enabled;
  return [
    ...(seen.home.exists ? [] : [folderStep(root)]),
    ...writing(scriptFile(root), seen.script),
    ...MANAGERS.filter(one => one !== manager && seen.units[one].state.exists).map(one =>
      removing(root, one),
    ),
    ...unit,
    ...(enable ? [enabling(root, manager)] : []),
  ];
}

function folderStep(root: string): Step {
  const home = bootHome(root);
  return {
    say: `create ${home}`,
    action: { kind: 'script', text: sh`mkdir -p ${root} && mkdir -m 0700 ${home}`, limit: 30 },
  };
}

function writing({ path, content, mode }: BootFile, seen: SeenFile): readonly Step[] {
  const right =
    seen.state.exists &&
    seen.state.type === 'file' &&
    Number.parseInt(seen.state.mode, 8) === Number.parseInt(mode, 8);
  if (right && seen.content.content === content) return [];
  return [
    {
      say: `write ${path}`,
      diff: { title: path, before: seen.content.content, after: content },
      action: { kind: 'write', file: { path, content: Buffer.from(content), mode } },
    },
  ];
}

function enabling(root: string, manager: Manager): Step {
  return {
    say: manager === 'systemd' ? 'run it at each boot' : 'run what is in /etc/local.d at each boot',
    action: { kind: 'script', text: enableText(root, manager), limit: 60 },
  };
}

function removing(root: string, manager: Manager): Step {
  return {
    say: `remove ${bootFile(root, manager).path}`,
    action: { kind: 'script', text: removeText(root, manager), limit: 60 },
  };
}

function removal({ root }: Args, { script, units }: Seen): readonly Step[] {
  const path = bootScriptPath(root);
  const log = `${bootHome(root)}/boot.log`;
  return [
    ...MANAGERS.filter(one => units[one].state.exists).map(one => removing(root, one)),
    ...(script.state.exists
      ? [
          {
            say: `remove ${path}`,
            action: { kind: 'script' as const, text: sh`rm -f ${path} ${log}`, limit: 30 },
          },
        ]
      : []),
  ];
}

function result({ root }: Args, { survey }: Seen): ValueMap {
  const { manager } = survey;
  return {
    script: bootScriptPath(root),
    log: `${bootHome(root)}/boot.log`,
    manager,
    unit: manager === 'none' ? '' : bootFile(root, manager).path,
  };
}

export const gitlab_boot = defineTask({
  name: 'gitlab_boot',
  summary:
    'After each boot the host repairs its GitLab instances by itself, and starts those that should run',
  description: `A script below the root, ROOT/.girofle/boot.sh, waits for Docker and then looks at each instance: an instance that a backup had left standing
still goes on, a restore that was cut short is brought to its end or undone, a drill's leftovers are removed. Then it starts containers whose
policy is to run and which do not: one bound to an address that was not up yet when Docker started, or one that a backup had stopped. What an
operator stopped stays stopped. systemd runs it by a unit, OpenRC by /etc/local.d, any other host by @reboot in /etc/cron.d. It needs
nothing of girofle's, and writes what it did to ROOT/.girofle/boot.log.`,
  args,
  examples: `
- name: The host repairs itself after a boot
  gitlab_boot:

- name: It does not
  gitlab_boot:
    state: absent
`,
  returns: {
    script: 'The script',
    log: 'Where it writes what it did',
    manager: 'What runs it: systemd, openrc or cron',
    unit: 'The file that makes it run',
  },
  probe,
  plan,
  result,
});
