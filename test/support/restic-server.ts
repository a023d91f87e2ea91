/** A storage for restic behind HTTP on loopback (rclone serve restic), with a man in the middle who may spoil what passes. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { until } from './processes.ts';
import { freePort } from './sshd.ts';

export interface ResticServer {
  /** For restic -r. */
  readonly repository: string;
  /** One byte of every pack that is stored is changed. */
  corrupt(yes: boolean): void;
  /** The next connection that brings a pack is cut in the middle of it; resolves when it was. */
  cutNext(): Promise<void>;
  stop(): Promise<void>;
}

const ADDRESS = '127.0.9.40';

export async function startResticServer(
  folder: string,
  options: readonly string[] = [],
): Promise<ResticServer> {
  mkdirSync(folder, { recursive: true });
  const behind = await freePort(ADDRESS);
  const rclone = spawn(
    'rclone',
    [
      'serve',
      'restic',
      '--config',
      '/dev/null',
      '--cache-objects=false',
      '--addr',
      `${ADDRESS}:${behind}`,
      ...options,
      folder,
    ],
    { stdio: 'ignore' },
  );
  const exited = new Promise(resolve => rclone.once('exit', resolve));
  await until('rclone to listen', () => answers(behind), 30);

  let corrupting = false;
  let cutting: (() => void) | undefined;
  const proxy = http.createServer((request, response) => {
    const spoil = request.method === 'POST' && (request.url ?? '').includes('/data/');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (spoil && cutting !== undefined) {
        cutting();
        cutting = undefined;
        request.socket.destroy();
      }
    });
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const middle = body.length >> 1;
      if (spoil && corrupting) body[middle] = (body[middle] ?? 0) ^ 1;
      const forward = http.request(
        { host: ADDRESS, port: behind, method: request.method, path: request.url, headers: request.headers },
        answer => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      forward.on('error', () => response.destroy());
      forward.end(body);
    });
    request.on('error', () => {});
  });
  const port = await new Promise<number>(resolve => {
    proxy.listen(0, ADDRESS, () => {
      const bound = proxy.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : 0);
    });
  });
  return {
    repository: `rest:http://${ADDRESS}:${port}/`,
    corrupt: yes => {
      corrupting = yes;
    },
    cutNext: () =>
      new Promise(resolve => {
        cutting = resolve;
      }),
    stop: async () => {
      proxy.closeAllConnections();
      await new Promise(resolve => proxy.close(resolve));
      rclone.kill();
      await exited;
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(port, ADDRESS, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
