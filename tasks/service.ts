/** service: starts, stops and enables services. */
import { Type } from 'typebox';
import { Choice, Flag } from '../src/core/args.ts';
import { type ServiceSeen, serviceState } from '../src/core/probes/service.ts';
import { defineTask } from '../src/core/task-module.ts';
import { planService, type ServiceArgs } from './services/plan-service.ts';

export const service = defineTask({
  name: 'service',
  summary: 'Start, stop and enable services',
  description:
    'By systemd where it runs, else by OpenRC, else by SysV init scripts. A service that was started is looked at again: one ' +
    'that does not run then is a failure, which shows what it said last.',
  args: Type.Object(
    {
      name: Type.String({ description: 'Name of the service' }),
      state: Type.Optional(
        Choice(
          ['started', 'stopped', 'restarted', 'reloaded'],
          '`restarted` and `reloaded` always act; a stopped service is then started',
        ),
      ),
      enabled: Type.Optional(Flag('Whether the service starts at boot')),
      arguments: Type.Optional(
        Type.String({ description: 'More words for the init script; not with systemd' }),
      ),
      pattern: Type.Optional(
        Type.String({
          description:
            'Text in the list of processes that tells whether it runs, where its script cannot; not with systemd',
        }),
      ),
      runlevel: Type.String({ description: "OpenRC's runlevel", default: 'default' }),
      sleep: Type.Optional(
        Type.Integer({ description: 'With `restarted`: seconds between stop and start; not with systemd' }),
      ),
      use: Choice(
        ['auto', 'systemd', 'openrc', 'sysvinit', 'service'],
        'Insist on one service manager',
        'auto',
      ),
    },
    { additionalProperties: false },
  ),
  aliases: { args: 'arguments' },
  examples: `
- name: Docker runs, now and after a reboot
  service:
    name: docker
    state: started
    enabled: true

- name: Take a new configuration in
  service:
    name: nginx
    state: reloaded
`,
  returns: {
    name: 'Name of the service',
    state: '`started` or `stopped`, when asked for',
    enabled: 'When asked for',
    status: 'What was seen before: manager, active and enabled',
  },
  check: ({ name, state, enabled }) => [
    ...(state === undefined && enabled === undefined ? ['one of state and enabled is needed'] : []),
    ...(/^-|[/\s]/.test(name) ? [`"${name}" is no name for a service`] : []),
  ],
  probe: args =>
    serviceState(args.name, {
      use: MANAGERS[args.use],
      ...(args.pattern === undefined ? {} : { pattern: args.pattern }),
      runlevel: args.runlevel,
    }),
  plan: planService,
  result: (args, seen) => ({
    name: args.name,
    ...stateAfter(args),
    ...(args.enabled === undefined ? {} : { enabled: args.enabled }),
    status: describe(seen),
  }),
});

const MANAGERS = {
  auto: 'auto',
  systemd: 'systemd',
  openrc: 'openrc',
  sysvinit: 'sysv',
  service: 'auto',
} as const;

function stateAfter({ state }: ServiceArgs) {
  return state === undefined ? {} : { state: state === 'stopped' ? 'stopped' : 'started' };
}

function describe({ manager, active, enabled }: ServiceSeen) {
  return { manager, active, enabled };
}
