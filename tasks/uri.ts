/** uri: makes an HTTP request from the host's point of view and judges the answer. */
import { type TSchema, Type } from 'typebox';
import { Choice, Flag, Words, words } from '../src/core/args.ts';
import { defineTask } from '../src/core/task-module.ts';
import { observeUri, planUri, uriResult } from './uri/plan-uri.ts';

const refused = (description: string): TSchema =>
  Type.Optional(Type.Unsafe<unknown>({ description: `Refused: ${description}` }));

/** Arguments of Ansible's module that are not supported, and what to do instead. */
const REFUSED = {
  dest: 'what was received is not written to files here; fetch files with get_url',
  remote_src: 'a file of the host cannot be sent; take src of the controller, or body',
  attributes: 'it goes with dest',
  group: 'it goes with dest',
  mode: 'it goes with dest',
  owner: 'it goes with dest',
  selevel: 'it goes with dest',
  serole: 'it goes with dest',
  setype: 'it goes with dest',
  seuser: 'it goes with dest',
  ca_path: 'add the certificate to the trusted ones of the controller (NODE_EXTRA_CA_CERTS)',
  ciphers: 'ciphers cannot be chosen',
  client_cert: 'client certificates are not sent',
  client_key: 'client certificates are not sent',
} as const;

const refusedNames = Object.keys(REFUSED).filter((name): name is keyof typeof REFUSED => name in REFUSED);

export const uri = defineTask({
  name: 'uri',
  summary: 'Make an HTTP request and judge the answer',
  description:
    'The controller makes the request through its connection to the host, so the host needs no client and `localhost` is the host. ' +
    'Proxies and ~/.netrc of the host are not heeded. Certificates are judged by what the controller trusts. GET and HEAD are made in ' +
    'plan mode as well.',
  args: Type.Object(
    {
      url: Type.String({ description: 'http:// or https:// address, as the host sees it' }),
      method: Type.String({ description: 'Method, in capitals', default: 'GET', pattern: '^[A-Za-z]+$' }),
      status_code: Type.Array(Type.Integer(), { description: 'Statuses that are success', default: [200] }),
      return_content: Flag('Register what was received as `content`', false),
      body: Type.Optional(
        Type.Unsafe<unknown>({ description: 'What to send: text, or data for body_format' }),
      ),
      body_format: Choice(['raw', 'json', 'form-urlencoded', 'form-multipart'], 'How to send it', 'raw'),
      src: Type.Optional(Type.String({ description: 'File of the controller to send' })),
      headers: Type.Unsafe<Record<string, unknown>>({
        type: 'object',
        description: 'Headers to send',
        default: {},
      }),
      http_agent: Type.String({ description: 'The User-Agent header', default: 'ansible-httpget' }),
      url_username: Type.Optional(Type.String({ description: 'User name for basic authentication' })),
      url_password: Type.Optional(Type.String({ description: 'Password for basic authentication' })),
      force_basic_auth: Flag(
        'Accepted for compatibility: credentials are sent with the first request, always',
        false,
      ),
      follow_redirects: Choice(
        ['safe', 'all', 'none', 'yes', 'no', 'urllib2'],
        'Which redirects to follow; safe: of GET and HEAD',
        'safe',
      ),
      unredirected_headers: Words(
        'Refused with redirects: credentials and cookies stay with their server anyway',
        [],
      ),
      creates: Type.Optional(Type.String({ description: 'Do nothing if this file is on the host' })),
      removes: Type.Optional(Type.String({ description: 'Do nothing unless this file is on the host' })),
      timeout: Type.Integer({ description: 'Seconds', default: 30 }),
      unix_socket: Type.Optional(
        Type.String({ description: "Socket on the host instead of the URL's address" }),
      ),
      validate_certs: Flag('Whether the certificate is checked', true),
      force: Flag('Ask caches for a fresh copy', false),
      decompress: Flag('Accepted for compatibility: compressed answers are not asked for', true),
      use_gssapi: Flag('Refused when true: there is no Kerberos here', false),
      use_netrc: Flag('Accepted for compatibility: ~/.netrc is not read', true),
      use_proxy: Flag('Accepted for compatibility: proxies are not used', true),
      ...Object.fromEntries(Object.entries(REFUSED).map(([name, why]) => [name, refused(why)])),
    },
    { additionalProperties: false },
  ),
  aliases: { user: 'url_username', password: 'url_password', attr: 'attributes' },
  examples: `
- name: GitLab is ready
  uri:
    url: http://127.0.0.1/-/readiness
  register: readiness
  until: readiness.status == 200
  retries: 30

- name: Tell the monitor
  uri:
    url: https://monitor.example.org/api/deployments
    method: POST
    body_format: json
    body: {host: "{{ inventory_hostname }}"}
    status_code: [200, 201]
`,
  returns: {
    status: 'HTTP status; -1 when there was no answer',
    url: 'Address, after redirects',
    redirected: 'Whether there were any',
    msg: 'In words',
    content: 'With return_content: what was received',
    json: 'What was received, when it is JSON',
    cookies: 'Cookies that were set, by name',
    elapsed: 'Seconds',
    location: 'Each header, in lower case with underscores',
  },
  check: args => [
    ...(args.body !== undefined && args.src !== undefined ? ['body and src exclude one another'] : []),
    ...(/^https?:\/\//i.test(args.url) ? [] : [`"${args.url}" is no http:// or https:// address`]),
    ...(args.use_gssapi ? ['use_gssapi is not supported: there is no Kerberos here'] : []),
    ...(words(args.unredirected_headers).length > 0 &&
    args.follow_redirects !== 'none' &&
    args.follow_redirects !== 'no'
      ? ['unredirected_headers is not supported with redirects: set follow_redirects: none']
      : []),
    ...refusedNames
      .filter(name => isGiven(args, name))
      .map(name => `${name} is not supported: ${REFUSED[name]}`),
  ],
  probe: observeUri,
  plan: planUri,
  result: uriResult,
});

function isGiven(args: object, name: string): boolean {
  const given: unknown = Object.entries(args).find(([key]) => key === name)?.[1];
  return given !== undefined && given !== null && given !== false;
}
