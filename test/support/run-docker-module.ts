/** Answers Docker calls by the daemon of this machine over its socket, and runs modules that need it. */
import { spawn } from 'node:child_process';
import { type IncomingMessage, request } from 'node:http';
import type { Readable } from 'node:stream';
import type { DockerAnswer, DockerCall } from '../../src/core/docker.ts';
import type { AnyTaskModule } from '../../src/core/task-module.ts';
import { isMap, type Value, type ValueMap } from '../../src/core/value.ts';
import { type RunOptions, type RunResult, runModule } from './run-module.ts';

/** Runs a module against the real daemon; a wait that failed is followed by the container's last lines, as in the engine. */
export async function runDockerModule(
  module: AnyTaskModule,
  args: ValueMap,
  options: RunOptions = {},
): Promise<RunResult> {
  const ran = await runModule(module, args, { docker: callDocker, ...options });
  const last = ran.steps[ran.outputs.length - 1]?.action;
  if (!ran.failed || last?.kind !== 'wait' || last.wait.onFailure === undefined) return ran;
  const { body } = await callDocker(last.wait.onFailure);
  return {
    ...ran,
    result: { ...ran.result, msg: `${ran.result.msg}\n${typeof body === 'string' ? body : ''}` },
  };
}

/** What a daemon that is not there answers. */
export function noDaemon(): DockerAnswer {
  return { status: 0, body: null, message: 'connect ENOENT /var/run/docker.sock' };
}

export function callDocker(call: DockerCall): Promise<DockerAnswer> {
  const query = new URLSearchParams(
    Object.entries(call.query ?? {}).map(([key, value]): [string, string] => [key, String(value)]),
  );
  const auth = call.auth && {
    'X-Registry-Auth': Buffer.from(JSON.stringify(call.auth)).toString('base64url'),
  };
  const type = call.archive ? 'application/x-tar' : 'application/json';
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath: '/var/run/docker.sock',
        method: call.method,
        path: `${call.path}?${query}`,
        headers: { 'Content-Type': type, ...auth },
      },
      response => void readAnswer(call, response).then(resolve, reject),
    );
    asked.on('error', error => resolve({ status: 0, body: null, message: error.message }));
    if (call.archive) archiveOf(call.archive).pipe(asked);
    else asked.end(call.body === undefined ? undefined : JSON.stringify(call.body));
  });
}

function archiveOf(archive: NonNullable<DockerCall['archive']>): Readable {
  const child =
    'folder' in archive
      ? spawn('tar', ['-c', '-C', archive.folder, '.'], { stdio: ['ignore', 'pipe', 'inherit'] })
      : spawn('sh', ['-c', archive.hostScript.text], { stdio: ['ignore', 'pipe', 'inherit'] });
  return child.stdout;
}

async function readAnswer(call: DockerCall, response: IncomingMessage): Promise<DockerAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  const status = response.statusCode ?? 0;
  if (status >= 400) return { status, body: null, message: messageOf(raw) };
  if (call.answer === 'log') return { status, body: demultiplex(raw) };
  if (call.answer === 'progress') return progress(status, raw);
  return { status, body: call.answer === 'none' || raw.length === 0 ? null : JSON.parse(raw.toString()) };
}

function messageOf(raw: Buffer): string {
  const body: Value = JSON.parse(raw.toString());
  return isMap(body) ? String(body.message) : raw.toString();
}

function progress(status: number, raw: Buffer): DockerAnswer {
  const lines: Value[] = raw
    .toString()
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => JSON.parse(line));
  const failed = lines.find(line => isMap(line) && 'error' in line);
  return isMap(failed)
    ? { status: 500, body: lines, message: String(failed.error) }
    : { status, body: lines };
}

/** Frames of 8 bytes (stream, size) and payload; a container with a terminal sends none, and none is tested here. */
function demultiplex(raw: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length; ) {
    const size = raw.readUInt32BE(at + 4);
    parts.push(raw.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return Buffer.concat(parts).toString();
}
