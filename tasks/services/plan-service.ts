/** From a service as it is to the service asked for. */
import type { ServiceSeen } from '../../src/core/probes/service.ts';
import { type Sh, sh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import { isRefusal, type Plan, type Refusal, refuse } from '../../src/core/task-module.ts';

export interface ServiceArgs {
  readonly name: string;
  readonly state?: 'started' | 'stopped' | 'restarted' | 'reloaded';
  readonly enabled?: boolean;
  readonly arguments?: string;
  readonly runlevel: string;
  readonly sleep?: number;
}

export function planService(args: ServiceArgs, seen: ServiceSeen): Plan {
  if (seen.manager === 'none')
    return refuse(
      'the host has no service manager: neither systemd nor OpenRC runs, and there is no /etc/init.d',
    );
  if (!seen.exists)
    return refuse(`no service "${args.name}" on this host`, {
      hint: 'is its package installed, and is that the name of its unit or init script?',
    });
  const boot = planBoot(args, seen);
  if (isRefusal(boot)) return boot;
  const now = planNow(args, seen);
  return isRefusal(now) ? now : [...boot, ...now];
}

function planBoot(args: ServiceArgs, seen: ServiceSeen): Plan {
  const { enabled, name } = args;
  if (enabled === undefined) return [];
  if (enabled && seen.enabled === 'masked') return masked(name);
  if (enabled ? seen.enabled !== 'no' : seen.enabled !== 'yes') return [];
  const text = bootCommand(enabled, args, seen);
  if (isSh(text)) return [step(enabled ? `start ${name} at boot` : `do not start ${name} at boot`, text)];
  return text;
}

function masked(name: string): Refusal {
  return refuse(`${name} is masked`, { hint: `let it run by "systemctl unmask ${name}" first` });
}

function isSh(text: Sh | Refusal): text is Sh {
  return 'text' in text;
}

function bootCommand(
  on: boolean,
  { name, runlevel }: ServiceArgs,
  { manager, enabler }: ServiceSeen,
): Sh | Refusal {
  if (manager === 'systemd') return sh`systemctl ${on ? 'enable' : 'disable'} --quiet -- ${name}`;
  if (manager === 'openrc') return sh`rc-update ${on ? 'add' : 'del'} ${name} ${runlevel}`;
  // Without links update-rc.d can enable nothing: the first call makes them.
  if (enabler === 'update-rc.d')
    return on
      ? sh`PATH=$PATH:/usr/sbin:/sbin; update-rc.d ${name} defaults && update-rc.d ${name} enable`
      : sh`PATH=$PATH:/usr/sbin:/sbin update-rc.d ${name} disable`;
  if (enabler === 'chkconfig')
    return on
      ? sh`PATH=$PATH:/usr/sbin:/sbin; chkconfig --add ${name} && chkconfig ${name} on`
      : sh`PATH=$PATH:/usr/sbin:/sbin chkconfig ${name} off`;
  return refuse(`${name} cannot be set to start at boot: the host has neither update-rc.d nor chkconfig`);
}

function planNow(args: ServiceArgs, seen: ServiceSeen): Plan {
  const { name, state } = args;
  const runs = seen.active === 'running';
  if (state === undefined || (state === 'started' && runs)) return [];
  if (state === 'stopped')
    return seen.active === 'stopped' || seen.active === 'failed'
      ? []
      : [step(`stop ${name}`, command('stop', args, seen))];
  if (seen.enabled === 'masked') return masked(name);
  if (!runs) return [step(`start ${name}`, starting('start', args, seen))];
  return state === 'reloaded'
    ? [step(`reload ${name}`, command('reload', args, seen))]
    : [step(`restart ${name}`, restarting(args, seen))];
}

function command(verb: string, args: ServiceArgs, { manager }: ServiceSeen): Sh {
  const { name } = args;
  const extra = (args.arguments ?? '').split(/\s+/).filter(word => word !== '');
  if (manager === 'systemd') return sh`systemctl ${verb} -- ${name}`;
  if (manager === 'openrc') return sh`rc-service ${[name, verb, ...extra]}`;
  return sh`PATH=$PATH:/usr/sbin:/sbin; if command -v service >/dev/null; then service ${[name, verb, ...extra]}; else ${[`/etc/init.d/${name}`, verb, ...extra]}; fi`;
}

function restarting(args: ServiceArgs, seen: ServiceSeen): Sh {
  if (args.sleep === undefined || seen.manager === 'systemd') return starting('restart', args, seen);
  return sh`${command('stop', args, seen)} && sleep ${args.sleep} && {
${starting('start', args, seen)}
}`;
}

/** Started is not running: for up to two seconds it is looked at, and its last words are shown when it is not there. */
function starting(verb: 'start' | 'restart', args: ServiceArgs, seen: ServiceSeen): Sh {
  const { name } = args;
  const run = command(verb, args, seen);
  if (seen.manager === 'systemd') {
    return sh`code=0; { ${run}; } || code=$?
case $(systemctl is-active -- ${name}) in
  active | activating | reloading) [ "$code" -eq 0 ] && exit 0;;
  inactive) [ "$code" -eq 0 ] && [ "$(systemctl show -p Type -- ${name})" = Type=oneshot ] && exit 0;;
esac
printf '%s\n' ${`${name} does not run after the ${verb}; it said last:`} >&2
journalctl -u ${name} -n 20 --no-pager -o cat >&2 2>/dev/null || systemctl status --no-pager -- ${name} >&2
exit 1`;
  }
  const status = command('status', args, seen);
  // A file, not a pipe: a daemon that keeps its output open would hold a pipe for ever.
  return sh`said=$(mktemp) && trap 'rm -f "$said"' EXIT || exit 1
code=0; { ${run}; } >"$said" 2>&1 || code=$?
cat "$said"
status() { { ${status}; } >/dev/null 2>&1 </dev/null; }
if [ "$code" -eq 0 ]; then
  for look in 1 2 3 4; do
    result=0; status || result=$?
    case $result in 1 | 2 | 3 | 32) sleep 0.5 2>/dev/null || sleep 1;; *) exit 0;; esac
  done
fi
printf '%s\n' ${`${name} does not run after the ${verb}; it said:`} >&2
cat "$said" >&2
exit 1`;
}

function step(say: string, text: Sh): Step {
  return { say, action: { kind: 'script', text } };
}
