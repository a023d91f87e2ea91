/** S3 as OpenStack Swift speaks it, over TLS by a certificate of its own, in a container: Debian's packages, one disk. */
import { createHash } from 'node:crypto';
import { docker, imageWith } from './vm.ts';

const PACKAGES = ['swift-proxy', 'swift-account', 'swift-container', 'swift-object', 'memcached', 'openssl'];

export interface SwiftS3 {
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** PEM of the certificate that signed itself. */
  readonly certificate: string;
  remove(): Promise<void>;
}

const SERVERS = [
  ['account', 6202],
  ['container', 6201],
  ['object', 6200],
] as const;

const PROXY = `[DEFAULT]
bind_ip = 0.0.0.0
bind_port = 443
workers = 1
user = swift
cert_file = /etc/swift/cert.pem
key_file = /etc/swift/key.pem
log_level = WARNING
[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth dlo slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:11211
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_girofle_backup = geheim .admin
[filter:dlo]
use = egg:swift#dlo
[filter:slo]
use = egg:swift#slo
`;

const server = (kind: string, port: number) => `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
devices = /srv/node
mount_check = false
workers = 1
user = swift
log_level = WARNING
[pipeline:main]
pipeline = ${kind}-server
[app:${kind}-server]
use = egg:swift#${kind}
`;

const file = (path: string, text: string) => `cat >${path} <<'END'\n${text}END\n`;

const start = (name: string) => `set -e
mkdir -p /etc/swift /srv/node/d1 /run/swift /var/cache/swift
chown -R swift:swift /srv/node /run/swift /var/cache/swift
cd /etc/swift
${file('swift.conf', '[swift-hash]\nswift_hash_path_suffix = girofle\n[storage-policy:0]\nname = only\ndefault = yes\n')}
${file('proxy-server.conf', PROXY)}
${SERVERS.map(
  ([kind, port]) => `${file(`${kind}-server.conf`, server(kind, port))}
(
  swift-ring-builder ${kind}.builder create 4 1 1
  swift-ring-builder ${kind}.builder add r1z1-127.0.0.1:${port}/d1 1
  swift-ring-builder ${kind}.builder rebalance
) >/dev/null &`,
).join('\n')}
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} -addext subjectAltName=DNS:${name} -keyout key.pem -out cert.pem 2>/dev/null
chown swift key.pem
wait
setsid memcached -u memcache -l 127.0.0.1 >/dev/null 2>&1 </dev/null &
for one in account container object proxy; do
  setsid swift-$one-server /etc/swift/$one-server.conf >/var/log/swift-$one.log 2>&1 </dev/null &
done
tries=0
until openssl s_client -connect 127.0.0.1:443 </dev/null >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 600 ] || { tail -n 20 /var/log/swift-*.log >&2; exit 1; }
  sleep 0.1
done
cat cert.pem`;

/** @param name by which others in the network find it, also the name in its certificate */
export async function startSwift(network: string, name: string): Promise<SwiftS3> {
  const image = await imageWith('swift', PACKAGES);
  const container = `girofle-test-swift-${createHash('sha256').update(network).digest('hex').slice(0, 8)}`;
  // Objects' attributes need a disk, not the layers of a container.
  await docker(
    ...['run', '-d', '--init', '--name', container, '--network', network, '--network-alias', name],
    ...['-v', '/srv/node', image, 'sleep', 'infinity'],
  );
  const remove = async () => {
    await docker('rm', '-f', '-v', container);
  };
  try {
    const certificate = await docker('exec', container, 'sh', '-c', start(name));
    return {
      url: `https://${name}`,
      accessKey: 'girofle:backup',
      secretKey: 'geheim',
      certificate: `${certificate}\n`,
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
