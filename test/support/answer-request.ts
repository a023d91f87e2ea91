/** Answers the requests of probes on this machine: scripts by a real shell, the controller's files from a real folder. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { connect } from 'node:net';
import { dirname, isAbsolute, join } from 'node:path';
import type { DockerAnswer, DockerCall } from '../../src/core/docker.ts';
import type { HttpAnswer, HttpCall } from '../../src/core/http.ts';
import type { Answer, ControllerFile, RenderOptions, Request, TreeEntry } from '../../src/core/probe.ts';
import type { DialTarget } from '../../src/core/transport.ts';
import type { ShellOptions } from './shell.ts';
import { runShell } from './shell.ts';

export interface AnswerOptions extends ShellOptions {
  /** Folder of the controller: paths are looked for in its `files/` or `templates/`, then in itself. */
  readonly folder?: string;
  /** Renders a template's text; by default it is taken as it stands. */
  readonly render?: (text: string, options: RenderOptions) => string;
  readonly docker?: (call: DockerCall) => DockerAnswer | Promise<DockerAnswer>;
  readonly http?: (call: HttpCall) => HttpAnswer | Promise<HttpAnswer>;
}

export async function answerRequest(request: Request, options: AnswerOptions): Promise<Answer> {
  switch (request.via) {
    case 'shell':
      throw new Error('requests of shell kinds are answered together');
    case 'script': {
      const limit = request.limit === undefined ? {} : { limit: request.limit };
      return { via: 'script', value: await runShell(request.text.text, { ...options, ...limit }) };
    }
    case 'docker':
      if (!options.docker) throw new Error('runModule was given no docker');
      return { via: 'docker', value: await options.docker(request.call) };
    case 'http':
      if (!options.http) throw new Error('runModule was given no http');
      return { via: 'http', value: await options.http(request.call) };
    case 'reach':
      return { via: 'reach', value: await canReach(request.target, request.timeout) };
    default:
      return answerControllerRequest(request, options);
  }
}

/** Answers what is asked of the controller alone. */
export async function answerControllerRequest(request: Request, options: AnswerOptions): Promise<Answer> {
  switch (request.via) {
    case 'file': {
      const path = find(request.path, request.subfolder, options);
      return {
        via: 'file',
        value: path !== undefined && statSync(path).isFile() ? controllerFileAt(path) : null,
      };
    }
    case 'tree': {
      const path = find(request.path, request.subfolder, options);
      return {
        via: 'tree',
        value:
          path !== undefined && statSync(path).isDirectory()
            ? treeBelow(path, '', request.follow ?? false)
            : null,
      };
    }
    case 'render': {
      const path = find(request.path, 'templates', options);
      if (path === undefined) throw new Error(`no template ${request.path}`);
      const text = readFileSync(path, 'utf8');
      return { via: 'render', value: options.render?.(text, request.options) ?? text };
    }
    default:
      throw new Error(`${request.via} is no request to the controller`);
  }
}

function find(path: string, subfolder: string, { folder }: AnswerOptions): string | undefined {
  const places = isAbsolute(path)
    ? [path]
    : [join(folder ?? '.', subfolder, path), join(folder ?? '.', path)];
  return places.find(place => existsSync(place));
}

function controllerFileAt(path: string): ControllerFile {
  const content = readFileSync(path);
  const mode = octal(statSync(path).mode);
  return {
    path,
    content,
    size: content.length,
    sha1: createHash('sha1').update(content).digest('hex'),
    mode,
  };
}

function treeBelow(folder: string, prefix: string, follow: boolean): TreeEntry[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name): TreeEntry[] => {
      const path = join(folder, name);
      const relative = `${prefix}${name}`;
      if (lstatSync(path).isSymbolicLink() && !(follow && leadsElsewhere(path))) {
        return [{ type: 'link', path: relative, target: readlinkSync(path) }];
      }
      const state = statSync(path);
      if (!state.isDirectory()) return [{ type: 'file', ...controllerFileAt(path), relative }];
      const entry: TreeEntry = { type: 'directory', path: relative, mode: octal(state.mode) };
      return [entry, ...treeBelow(path, `${relative}/`, follow)];
    });
}

/** Not to nothing, and not back to a folder that the link lies in. */
function leadsElsewhere(link: string): boolean {
  return existsSync(link) && !`${realpathSync(dirname(link))}/`.startsWith(`${realpathSync(link)}/`);
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

function canReach(target: DialTarget, timeout: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = 'socket' in target ? connect(target.socket) : connect(target.port, target.host);
    const end = (reached: boolean) => {
      socket.destroy();
      resolve(reached);
    };
    socket.setTimeout(timeout * 1000, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
