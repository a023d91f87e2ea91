import { describe, expect, test } from 'vitest';
import { parseService, type ServiceSeen } from '../../src/core/probes/service.ts';
import { service } from '../../tasks/service.ts';
import { behavesOnDebian } from '../support/debian-cases.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';

/** An init script that keeps its state in a file, and one that says what is wrong with it. */
const SCRIPTS = `
header() { printf '#!/bin/sh\\n### BEGIN INIT INFO\\n# Provides: %s\\n# Default-Start: 2 3 4 5\\n# Default-Stop: 0 1 6\\n### END INIT INFO\\n' "$1"; }
{ header good; echo 'case $1 in start) touch /run/good;; stop) rm -f /run/good;; restart) echo restarted >> /run/restarts; touch /run/good;; reload) echo reloaded >> /run/restarts;; status) [ -e /run/good ] || exit 3;; esac'; } > /etc/init.d/good
{ header bad; echo 'case $1 in status) exit 3;; start) echo cannot find my file;; esac'; } > /etc/init.d/bad
{ header mute; echo 'case $1 in start) exec -a mute-daemon sleep 300 & ;; status) echo "Usage: mute start"; exit 64;; esac'; } > /etc/init.d/mute
chmod 755 /etc/init.d/good /etc/init.d/bad /etc/init.d/mute`;

behavesOnDebian(
  service,
  [
    {
      does: 'starts a service and enables it',
      args: { name: 'good', state: 'started', enabled: true },
      says: ['start good at boot', 'start good'],
      leaves: { run: 'ls /run/good /etc/rc2.d/*good', prints: '/etc/rc2.d/S01good\n/run/good\n' },
      returns: {
        name: 'good',
        state: 'started',
        enabled: true,
        status: { manager: 'sysv', active: 'stopped', enabled: 'no' },
      },
    },
    {
      does: 'restarts a service',
      args: { name: 'good', state: 'restarted' },
      says: ['restart good'],
      repeats: true,
      leaves: { run: 'cat /run/restarts', prints: 'restarted\n' },
    },
    {
      does: 'sleeps between stop and start when told to',
      given: 'rm -f /run/restarts',
      args: { name: 'good', state: 'restarted', sleep: 1 },
      says: ['restart good'],
      repeats: true,
      leaves: { run: 'ls /run/good /run/restarts 2>/dev/null; exit 0', prints: '/run/good\n' },
    },
    {
      does: 'reloads a service',
      args: { name: 'good', state: 'reloaded' },
      says: ['reload good'],
      repeats: true,
      leaves: { run: 'cat /run/restarts', prints: 'reloaded\n' },
    },
    {
      does: 'stops a service and takes it from the boot',
      args: { name: 'good', state: 'stopped', enabled: false },
      says: ['do not start good at boot', 'stop good'],
      leaves: {
        run: 'ls /etc/rc2.d/*good; ls /run/good 2>/dev/null; exit 0',
        prints: '/etc/rc2.d/K01good\n',
      },
    },
    {
      does: 'starts a stopped service that is to be reloaded',
      args: { name: 'good', state: 'reloaded' },
      says: ['start good'],
      repeats: true,
    },
    {
      does: 'starts a real daemon',
      args: { name: 'cron', state: 'started' },
      says: ['start cron'],
      leaves: { run: 'pgrep -x cron | wc -l', prints: '1\n' },
    },
    {
      does: 'stops it',
      args: { name: 'cron', state: 'stopped' },
      says: ['stop cron'],
      leaves: { run: 'pgrep -x cron | wc -l', prints: '0\n' },
    },
    {
      does: 'shows what a service said that does not run after its start',
      args: { name: 'bad', state: 'started' },
      says: ['start bad'],
      fails: 'bad does not run after the start; it said:\ncannot find my file',
    },
    {
      does: 'knows no such service',
      args: { name: 'nix', state: 'started' },
      says: [],
      fails: 'no service "nix" on this host',
    },
    {
      does: 'finds a process by its pattern where the script cannot tell',
      given: 'setsid sh -c "exec sleep 4321" >/dev/null 2>&1 &',
      args: { name: 'mute', state: 'started', pattern: 'sleep 4321' },
      says: [],
    },
  ],
  SCRIPTS,
);

/** What `systemctl show -p Id,LoadState,ActiveState,UnitFileState` prints for a unit. */
function unit(load: string, active: string, file: string, more = ''): string {
  return `manager systemd\nenabler none\nId=x.service\nLoadState=${load}\nActiveState=${active}\nUnitFileState=${file}\n${more}`;
}

describe('a service as seen', () => {
  const systemd = { manager: 'systemd', enabler: 'none' } as const;
  const openrc = { manager: 'openrc', enabler: 'rc-update' } as const;
  const sysv = { manager: 'sysv', enabler: 'update-rc.d' } as const;

  test.each([
    [
      'an enabled unit that runs',
      unit('loaded', 'active', 'enabled'),
      { ...systemd, exists: true, active: 'running', enabled: 'yes' },
    ],
    [
      'one that is still starting',
      unit('loaded', 'activating', 'disabled'),
      { ...systemd, exists: true, active: 'running', enabled: 'no' },
    ],
    [
      'one that failed',
      unit('loaded', 'failed', 'static'),
      { ...systemd, exists: true, active: 'failed', enabled: 'static' },
    ],
    [
      'a masked one',
      unit('masked', 'inactive', 'masked'),
      { ...systemd, exists: true, active: 'stopped', enabled: 'masked' },
    ],
    [
      'one that is enabled until the next boot only',
      unit('loaded', 'inactive', 'enabled-runtime'),
      { ...systemd, exists: true, active: 'stopped', enabled: 'no' },
    ],
    [
      'one made from an init script with start links',
      unit('loaded', 'active', 'generated', 'enabled\n'),
      { ...systemd, exists: true, active: 'running', enabled: 'yes' },
    ],
    [
      'one made from an init script without',
      unit('loaded', 'active', 'generated'),
      { ...systemd, exists: true, active: 'running', enabled: 'no' },
    ],
    [
      'no such unit',
      unit('not-found', 'inactive', ''),
      { ...systemd, exists: false, active: 'stopped', enabled: 'no' },
    ],
    [
      'OpenRC, started',
      'manager openrc\nenabler rc-update\nexists\nstatus 0\nsaid  * status: started\nenabled\n',
      { ...openrc, exists: true, active: 'running', enabled: 'yes' },
    ],
    [
      'OpenRC, stopped',
      'manager openrc\nenabler rc-update\nexists\nstatus 3\nsaid  * status: stopped\n',
      { ...openrc, exists: true, active: 'stopped', enabled: 'no' },
    ],
    [
      'OpenRC, crashed',
      'manager openrc\nenabler rc-update\nexists\nstatus 32\nsaid  * status: crashed\n',
      { ...openrc, exists: true, active: 'failed', enabled: 'no' },
    ],
    [
      'an old script that exits with 0 but says that it does not run',
      'manager sysv\nenabler update-rc.d\nexists\nstatus 0\nsaid x is not running.\n',
      { ...sysv, exists: true, active: 'stopped', enabled: 'no' },
    ],
    [
      'a script that cannot tell',
      'manager sysv\nenabler update-rc.d\nexists\nstatus 64\nsaid Usage: x start\n',
      { ...sysv, exists: true, active: 'unknown', enabled: 'no' },
    ],
  ])('%s', (_, text, seen) => {
    expect(parseService(text, 'x')).toEqual(seen);
  });
});

const context = { host: 'h', planning: false, verbosity: 0 };
const RUNS: ServiceSeen = {
  manager: 'systemd',
  enabler: 'none',
  exists: true,
  active: 'running',
  enabled: 'yes',
};
const RESTS: ServiceSeen = { ...RUNS, active: 'stopped', enabled: 'no' };

function plan(given: object, seen: ServiceSeen) {
  const planned = service.plan(withDefaults(service, { name: 'x', ...given }), seen, context);
  return 'refusal' in planned
    ? planned.refusal
    : planned.map(
        ({ say, action }) => `${say}: ${action.kind === 'script' ? action.text.text.split('\n')[0] : ''}`,
      );
}

describe('service', () => {
  test.each([
    ['has nothing to do', { state: 'started', enabled: true }, RUNS, []],
    [
      'starts by systemd',
      { state: 'started', enabled: true },
      RESTS,
      [
        'start x at boot: systemctl enable --quiet -- x',
        'start x: code=0; { systemctl start -- x; } || code=$?',
      ],
    ],
    [
      'stops by systemd',
      { state: 'stopped', enabled: false },
      RUNS,
      ['do not start x at boot: systemctl disable --quiet -- x', 'stop x: systemctl stop -- x'],
    ],
    ['leaves a failed unit stopped', { state: 'stopped' }, { ...RUNS, active: 'failed' }, []],
    ['leaves a static unit as it is', { enabled: true }, { ...RUNS, enabled: 'static' }, []],
    ['does not start a masked unit', { state: 'started' }, { ...RESTS, enabled: 'masked' }, 'x is masked'],
    ['does not enable a masked unit', { enabled: true }, { ...RESTS, enabled: 'masked' }, 'x is masked'],
    [
      'works by OpenRC',
      { state: 'stopped', enabled: true, runlevel: 'boot' },
      { ...RUNS, manager: 'openrc', enabler: 'rc-update', enabled: 'no' },
      ['start x at boot: rc-update add x boot', 'stop x: rc-service x stop'],
    ],
    [
      'enables by chkconfig',
      { enabled: true },
      { ...RESTS, manager: 'sysv', enabler: 'chkconfig' },
      ['start x at boot: PATH=$PATH:/usr/sbin:/sbin; chkconfig --add x && chkconfig x on'],
    ],
    [
      'says that it cannot enable',
      { enabled: true },
      { ...RESTS, manager: 'sysv', enabler: 'none' },
      'x cannot be set to start at boot: the host has neither update-rc.d nor chkconfig',
    ],
    [
      'gives arguments to init scripts',
      { state: 'stopped', args: '--now --hard' },
      { ...RUNS, manager: 'sysv' },
      [
        'stop x: PATH=$PATH:/usr/sbin:/sbin; if command -v service >/dev/null; then service x stop --now --hard; else /etc/init.d/x stop --now --hard; fi',
      ],
    ],
    [
      'needs some service manager',
      { state: 'started' },
      { ...RESTS, manager: 'none', exists: false },
      'the host has no service manager: neither systemd nor OpenRC runs, and there is no /etc/init.d',
    ],
  ] as const)('%s', (_, given, seen, expected) => {
    expect(plan(given, seen)).toEqual(expected);
  });

  test('needs state or enabled', () => {
    expect(() => withDefaults(service, { name: 'x' })).toThrow(
      new ArgumentError(['one of state and enabled is needed']),
    );
  });
});
