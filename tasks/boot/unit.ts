/** How a host is told to run the script at each boot: by systemd, by OpenRC's local.d, or by cron's @reboot. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { bootScriptPath } from './script.ts';

export type Manager = 'systemd' | 'openrc' | 'cron';

export interface BootFile {
  readonly path: string;
  readonly content: string;
  readonly mode: string;
}

/** What of the host decides, and what is there already. */
export interface BootSurvey {
  readonly manager: Manager | 'none';
  /** The unit, or OpenRC's service `local`, starts at boot. */
  readonly enabled: boolean;
}

const UNITS = '/etc/systemd/system';
const LOCAL = '/etc/local.d';
const TABLES = '/etc/cron.d';

/** Each root has its own: `/girofle` the plain name, any other one with its path. */
export function unitName(root: string): string {
  const slug = root.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
  return slug === 'girofle' || slug === '' ? 'girofle-repair' : `girofle-repair-${slug}`;
}

export function bootSurvey(root: string): Sh {
  const unit = `${unitName(root)}.service`;
  return sh`PATH=$PATH:/usr/sbin:/sbin
if [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; then
  echo 'manager systemd'
  if [ "$(systemctl is-enabled ${unit} 2>/dev/null)" = enabled ]; then echo enabled; fi
elif [ -d /run/openrc ] && command -v rc-update >/dev/null 2>&1 && [ -d ${LOCAL} ]; then
  echo 'manager openrc'
  if rc-update show default 2>/dev/null | grep -q '^ *local |'; then echo enabled; fi
elif [ -d ${TABLES} ]; then
  echo 'manager cron'
  echo enabled
else
  echo 'manager none'
fi`;
}

export function readBootSurvey(written: string): BootSurvey {
  const lines = written.split('\n');
  const manager = (['systemd', 'openrc', 'cron'] as const).find(one => lines.includes(`manager ${one}`));
  return { manager: manager ?? 'none', enabled: lines.includes('enabled') };
}

/** The file that makes the host run it, of one manager. */
export function bootFile(root: string, manager: Manager): BootFile {
  const script = bootScriptPath(root);
  const name = unitName(root);
  switch (manager) {
    case 'systemd':
      return { path: `${UNITS}/${name}.service`, content: systemdUnit(root, script), mode: '0644' };
    case 'openrc':
      return {
        path: `${LOCAL}/${name}.start`,
        content: `#!/bin/sh\n# ${MADE}\n${sh`sh ${script} >/dev/null 2>&1 &`.text}\n`,
        mode: '0755',
      };
    case 'cron':
      return {
        path: `${TABLES}/${name}`,
        content: `# ${MADE}\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n@reboot root ${sh`sh ${script}`.text.replaceAll('%', '\\%')} >/dev/null 2>&1\n`,
        mode: '0644',
      };
  }
}

const MADE = 'Made by girofle (gitlab_boot), which writes it anew: changes here are lost.';

/** In a unit `%` begins a specifier and `$` a variable; `~` and the like mean nothing. */
function systemdUnit(root: string, script: string): string {
  const word = (text: string) =>
    `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;
  return `# ${MADE}
[Unit]
Description=Repair of girofle's GitLab instances after a boot
Wants=network-online.target
After=network-online.target docker.service
RequiresMountsFor=${word(root.replace(/\/+$/, '') || '/').replaceAll('$$', '$')}

[Service]
Type=simple
ExecStart=/bin/sh ${word(script)}
# A restore that is brought to its end takes its time.
TimeoutStopSec=300

[Install]
WantedBy=multi-user.target
`;
}

/** Not started now: what is to be repaired is the next boot's, or the next run's. */
export function enableText(root: string, manager: Manager): Sh {
  switch (manager) {
    case 'systemd':
      return sh`systemctl daemon-reload && systemctl enable --quiet ${`${unitName(root)}.service`}`;
    case 'openrc':
      return sh`PATH=$PATH:/usr/sbin:/sbin rc-update add local default`;
    case 'cron':
      return sh`:`;
  }
}

/** The unit goes, with its link; OpenRC's `local` is the host's own and stays. */
export function removeText(root: string, manager: Manager): Sh {
  const { path } = bootFile(root, manager);
  if (manager !== 'systemd') return sh`rm -f ${path}`;
  return joinSh(
    [
      sh`systemctl disable --quiet ${`${unitName(root)}.service`} 2>/dev/null`,
      sh`rm -f ${path} && systemctl daemon-reload`,
    ],
    '\n',
  );
}
