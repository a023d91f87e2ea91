/** One form for what Docker and its users write in several: equal forms mean equal settings. */

import type { Value, ValueMap } from '../../src/core/value.ts';
import { canonical, compact, dig, digList, digMap, digNumber, digText } from './dig.ts';

export function bindings(value: Value | undefined): Value {
  const all = Object.entries(digMap(value)).flatMap(([port, outside]) =>
    digList(outside).map(binding => {
      const address = digText(binding, 'HostIp');
      const outer = digText(binding, 'HostPort');
      return `${address === '0.0.0.0' ? '' : address}:${outer === '0' ? '' : outer}:${port}`;
    }),
  );
  return all.sort();
}

/** `a:b` is `a:b:rw`, and the order of options means nothing. */
export function binds(value: Value | undefined): Value {
  const all = digList(value).map(written => {
    const [source = '', target = '', options = 'rw'] = String(written).split(':');
    const words = options.split(',').sort();
    const access = words.includes('ro') || words.includes('rw') ? [] : ['rw'];
    return [source, target, [...words, ...access].sort().join(',')].join(':');
  });
  return all.sort();
}

export function mounts(value: Value | undefined): Value {
  return digList(value)
    .map(mount =>
      canonical(compact({ ...digMap(mount), ReadOnly: dig(mount, 'ReadOnly') === true ? true : undefined })),
    )
    .sort();
}

export function restart(value: Value | undefined): Value {
  return `${digText(value, 'Name') || 'no'} ${digNumber(value, 'MaximumRetryCount')}`;
}

export function capabilities(value: Value | undefined): Value {
  return digList(value)
    .map(capability => String(capability).toUpperCase().replace(/^CAP_/, ''))
    .sort();
}

export function healthForm(health: ValueMap): ValueMap {
  return compact({
    Test: digList(health, 'Test').length === 0 ? undefined : health.Test,
    Interval: digNumber(health, 'Interval') || undefined,
    Timeout: digNumber(health, 'Timeout') || undefined,
    Retries: digNumber(health, 'Retries') || undefined,
    StartPeriod: digNumber(health, 'StartPeriod') || undefined,
  });
}
