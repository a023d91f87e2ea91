var __defProp = Object.defineProperty;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __esm = (fn, res, err) => function __init() {
  if (err) throw err[0];
  try {
    return fn && (res = (0, fn[__getOwnPropNames(fn)[0]])(fn = 0)), res;
  } catch (e) {
    throw err = [e], e;
  }
};
var __export = (target2, all) => {
  for (var name in all)
    __defProp(target2, name, { get: all[name], enumerable: true });
};

// src/connection/channel.ts
import { setMaxListeners } from "node:events";
function throwIfAborted(signal) {
  if (signal?.aborted) throw new AbortError(signal);
}
function abortion(signal) {
  let release = () => {
  };
  const promise = new Promise((_, reject) => {
    if (!signal) return;
    const abort = () => reject(new AbortError(signal));
    if (signal.aborted) abort();
    setMaxListeners(0, signal);
    signal.addEventListener("abort", abort, { once: true });
    release = () => signal.removeEventListener("abort", abort);
  });
  promise.catch(() => {
  });
  return { promise, release };
}
async function orAbort(work, signal) {
  const { promise, release } = abortion(signal);
  try {
    return await Promise.race([work, promise]);
  } finally {
    release();
  }
}
async function within(milliseconds, work) {
  let timer2;
  const late = new Promise((resolve) => {
    timer2 = setTimeout(resolve, milliseconds, false);
  });
  const settled = work.then(
    () => true,
    () => true
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer2);
  }
}
var AbortError;
var init_channel = __esm({
  "src/connection/channel.ts"() {
    "use strict";
    AbortError = class extends Error {
      name = "AbortError";
      constructor(signal) {
        super("the operation was aborted", { cause: signal.reason });
      }
    };
  }
});

// src/core/sh.ts
function quote(word2) {
  const text = String(word2);
  if (text.includes("\0")) throw new Error("a shell word cannot hold a NUL byte");
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
function sh(strings, ...values) {
  const parts = strings.raw.map((part) => part.replaceAll("\\${", "${"));
  return new Sh(parts.reduce((text, part, i) => text + interpolate(values[i - 1]) + part));
}
function interpolate(value) {
  if (value === void 0) return "";
  if (value instanceof Sh) return value.text;
  if (typeof value === "object") return value.map(quote).join(" ");
  return quote(value);
}
var Sh;
var init_sh = __esm({
  "src/core/sh.ts"() {
    "use strict";
    Sh = class {
      text;
      /** For this file only. */
      constructor(text) {
        this.text = text;
      }
      toString() {
        return this.text;
      }
    };
  }
});

// src/core/transport.ts
var ConnectionError;
var init_transport = __esm({
  "src/core/transport.ts"() {
    "use strict";
    ConnectionError = class extends Error {
      hint;
      constructor(message, hint) {
        super(message);
        this.hint = hint;
      }
    };
  }
});

// src/connection/become.ts
import { randomBytes } from "node:crypto";
function other(launcher, as) {
  return as === void 0 || as.user === launcher.loginUser ? void 0 : as;
}
async function start(launcher, as, body, sink, signal) {
  const nonce = randomBytes(12).toString("hex");
  const reader = `printf '\\036${nonce}\\n';printf '\\036${nonce}\\n' >&2;IFS= read -r l;eval "$l"`;
  const become = other(launcher, as);
  const channel = await launcher.launch(
    become ? sudo(become, launcher.shell, nonce, reader) : reader,
    signal
  );
  const begun = awaitStart(launcher, become, channel, nonce, sink);
  begun.catch(() => {
  });
  if (become?.password !== void 0) await orAbort(begun, signal).catch(giveUp(channel));
  channel.input.write(`${body}
`);
  return { channel, begun };
}
function giveUp(channel) {
  return (error) => {
    channel.destroy();
    throw error;
  };
}
function sudo(as, shell, nonce, body) {
  const ask = as.password === void 0 ? ["-n"] : ["-S", "-p", prompt(nonce)];
  const words = ["sudo", "-H", ...ask, "-u", as.user, ...as.flags ?? [], "--", shell, "-c", body];
  return `exec ${words.map(quote).join(" ")}`;
}
function prompt(nonce) {
  return `P${nonce}:`;
}
async function awaitStart(launcher, as, channel, nonce, sink) {
  const marker = Buffer.from(`${nonce}
`);
  const output = new Head(marker, (chunk) => sink.output(chunk));
  const errors = new Head(marker, (chunk) => sink.errors(chunk));
  channel.output.on("data", (chunk) => output.feed(chunk));
  channel.errors.on("data", (chunk) => {
    errors.feed(chunk);
    if (as?.password !== void 0 && !errors.passed) answerPrompts(as.password);
  });
  let prompts = 0;
  let wrong = () => {
  };
  const wrongPassword = new Promise((resolve) => {
    wrong = () => resolve("wrong");
  });
  const answerPrompts = (password) => {
    const asked = errors.count(prompt(nonce));
    if (asked > 1) return wrong();
    if (asked > prompts) channel.input.write(`${password}
`);
    prompts = asked;
  };
  const begun = Promise.all([output.found, errors.found]).then(() => "begun");
  const how = await Promise.race([begun, wrongPassword, channel.closed.then(() => "ended")]);
  if (how === "begun" || output.passed && errors.passed) return;
  channel.destroy();
  if (how === "wrong" && as) throw wrongFor(launcher, as);
  throw refused(launcher, as, errors.text().replaceAll(prompt(nonce), "").trim(), await channel.closed);
}
function wrongFor({ host, loginUser }, { user }) {
  return new ConnectionError(
    `${host}: sudo did not accept the password for becoming ${user}`,
    `it asks for the password of ${loginUser}: check it, and that ${loginUser} may run sudo`
  );
}
function refused(launcher, as, said, ended2) {
  const { host, loginUser } = launcher;
  const last = said.split("\n").at(-1) ?? "";
  if (!as) {
    const how = last || (ended2.code === void 0 ? "the connection was closed" : `exit code ${ended2.code}`);
    return new ConnectionError(
      `${host}: no shell could be started for ${loginUser}: ${how}`,
      "check the login shell and ansible_shell_executable"
    );
  }
  const known = REFUSALS.find(([pattern]) => pattern.test(said));
  if (!known)
    return new ConnectionError(
      `${host}: ${loginUser} cannot become ${as.user}: ${last || `sudo exited with ${ended2.code ?? "no code"}`}`
    );
  const [why, hint] = known[1](loginUser, as.user);
  return new ConnectionError(`${host}: ${loginUser} cannot become ${as.user}: ${why}`, hint);
}
var Head, REFUSALS;
var init_become = __esm({
  "src/connection/become.ts"() {
    "use strict";
    init_sh();
    init_transport();
    init_channel();
    Head = class {
      #marker;
      #rest;
      #before = Buffer.alloc(0);
      #find = () => {
      };
      found;
      passed = false;
      constructor(marker, rest) {
        this.#marker = marker;
        this.#rest = rest;
        this.found = new Promise((resolve) => {
          this.#find = resolve;
        });
      }
      feed(chunk) {
        if (this.passed) {
          this.#rest(chunk);
          return;
        }
        this.#before = Buffer.concat([this.#before, chunk]);
        const at = this.#before.indexOf(this.#marker);
        if (at < 0) return;
        this.passed = true;
        this.#find();
        const rest = this.#before.subarray(at + this.#marker.length);
        this.#before = Buffer.alloc(0);
        if (rest.length > 0) this.#rest(rest);
      }
      count(text) {
        return this.text().split(text).length - 1;
      }
      text() {
        return this.#before.toString();
      }
    };
    REFUSALS = [
      [
        /sudo:? .*(not found|No such file)|not found.*sudo/i,
        (_login, user) => ["sudo is not installed there", `log in as ${user}, or install sudo`]
      ],
      [
        /password is required|no password was provided/i,
        (login) => [
          `sudo wants the password of ${login}`,
          "give it with -K or become_password, or allow it in sudoers with NOPASSWD"
        ]
      ],
      [
        /not in the sudoers|not allowed|may not run/i,
        (login, user) => [`${login} may not use sudo to become ${user}`, `allow it in sudoers on the host`]
      ],
      [
        /must have a tty|terminal is required|no tty/i,
        (login) => ["sudo insists on a terminal", `add "Defaults:${login} !requiretty" to sudoers`]
      ],
      [
        /unknown user|unknown uid/i,
        (_login, user) => [`there is no user ${user}`, "create the user first, or correct become_user"]
      ]
    ];
  }
});

// src/connection/watch.ts
function find(since) {
  return `a=$(cat /proc/[0-9]*/stat 2>/dev/null);f=;set -f;IFS=\${N%.};for l in $a;do IFS=$I;p=\${l%% *};l=\${l##*) };set -- $l;[ "$4" = "$s" ]||continue;case $p in "$_m"|"$_l"|"$e"|$$|$PPID)continue;;esac;case $1 in [ZX])continue;;esac;${since}v=;{ while read -r k v;do [ "$k" = SigIgn: ]&&break;done </proc/$p/status;} 2>/dev/null;case $v in ""|*[13579bdf])continue;;esac;f="$f $p";done;IFS=$I;set +f`;
}
function sweep(since) {
  return `if [ -r /proc/self/stat ];then n=0;while :;do ${find(since)};[ "$f" ]||break;[ $n -gt 9 ]&&break;case $n in 0|3)kill -TERM $f;;[78])kill -KILL $f;;esac;n=$((n+1));sleep .1||{ sleep 1;n=7;};done;else kill -TERM 0;sleep 1;kill -KILL 0;fi`;
}
function guarded(worker) {
  const keeper = `trap : TERM HUP;exec 2>/dev/null;${OWN_PLACE};_m=$$;_l=$e;echo "_m=$_m _l=$_l";tee;exec </dev/null >/dev/null;${sweep("")}`;
  return `trap : TERM HUP;{ ${keeper};}|{ ${worker.map(quote).join(" ")};trap '' HUP;kill -HUP 0;}`;
}
function timer(seconds2) {
  const since = '[ "${20}" -ge "$b" ]||continue;[ "$2" = "$_l" ]&&continue;';
  return `(trap 'kill $! 2>/dev/null;exit 0' TERM;sleep ${seconds2}&
wait $!;trap '' TERM;${OWN_PLACE};${sweep(since)};exit 124) </dev/null >/dev/null 2>&1 & _t=$!`;
}
var OWN_PLACE;
var init_watch = __esm({
  "src/connection/watch.ts"() {
    "use strict";
    init_sh();
    OWN_PLACE = `{ IFS= read -r l </proc/self/stat;} 2>/dev/null;e=\${l%% *};l=\${l##*) };set -- $l;s=$4;b=\${20};I=$IFS;N=$(printf '\\n.')`;
  }
});

// src/connection/slots.ts
var Slots;
var init_slots = __esm({
  "src/connection/slots.ts"() {
    "use strict";
    Slots = class {
      #most;
      #taken = 0;
      #line = [];
      constructor(most) {
        this.#most = most;
      }
      /** Resolves with what gives the slot back; giving it back twice does nothing. */
      async take() {
        if (this.#taken >= this.#most) await new Promise((resolve) => this.#line.push(resolve));
        else this.#taken += 1;
        let held = true;
        return () => {
          if (!held) return;
          held = false;
          const next = this.#line.shift();
          if (next) next();
          else this.#taken -= 1;
        };
      }
      async during(work) {
        const release = await this.take();
        try {
          return await work();
        } finally {
          release();
        }
      }
    };
  }
});

// src/core/value.ts
function isMap(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Unknown);
}
var Unknown;
var init_value = __esm({
  "src/core/value.ts"() {
    "use strict";
    Unknown = class {
      origin;
      known;
      /** @param origin a phrase for people: `the result of "Install Docker"` */
      constructor(origin, known = {}) {
        this.origin = origin;
        this.known = known;
      }
    };
  }
});

// src/connection/docker-answer.ts
async function readAnswer(message, kind, onLine) {
  const status = message.statusCode ?? 0;
  if (status >= 400) return refusal(status, message);
  if (kind === "progress") return progress(status, message, onLine);
  if (kind === "log") return { status, body: await log(message, onLine) };
  const text = (await whole(message)).toString();
  return { status, body: kind === "none" ? null : json(text) };
}
async function refusal(status, message) {
  const text = (await whole(message)).toString();
  const body = json(text);
  const said = isMap(body) && typeof body.message === "string" ? body.message : text.trim();
  return { status, body, message: said || (message.statusMessage ?? `status ${status}`) };
}
async function whole(message) {
  const chunks = [];
  for await (const chunk of message) chunks.push(chunk);
  assertComplete(message);
  return Buffer.concat(chunks);
}
function assertComplete(message) {
  if (!message.complete) throw new Error("the answer was cut off");
}
function json(text) {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
async function progress(status, message, onLine) {
  const lines = [];
  let error;
  for await (const line of linesOf(message)) {
    const value = json(line);
    lines.push(value);
    if (!isMap(value)) continue;
    if (typeof value.error === "string") error = value.error;
    const said = readable(value);
    if (said !== "") onLine?.(said);
  }
  return error === void 0 ? { status, body: lines } : { status: 500, body: lines, message: error };
}
function readable({ id: id2, status, progress: progress2, stream, error }) {
  if (typeof error === "string") return error.trimEnd();
  if (typeof stream === "string") return stream.trimEnd();
  const words = [status, progress2].filter((word2) => typeof word2 === "string" && word2 !== "").join(" ");
  return typeof id2 === "string" && id2 !== "" && words !== "" ? `${id2}: ${words}` : words;
}
async function* linesOf(message) {
  let rest = Buffer.alloc(0);
  for await (const chunk of message) {
    rest = Buffer.concat([rest, chunk]);
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      const line = rest.toString("utf8", 0, at).trim();
      rest = rest.subarray(at + 1);
      if (line !== "") yield line;
    }
  }
  assertComplete(message);
  const last = rest.toString().trim();
  if (last !== "") yield last;
}
async function log(message, onLine) {
  const raw = await whole(message);
  const text = (isMultiplexed(message, raw) ? demultiplex(raw) : raw).toString();
  if (onLine)
    for (const line of text.split("\n").slice(0, text.endsWith("\n") ? -1 : void 0)) onLine(line);
  return text;
}
function isMultiplexed(message, raw) {
  const type = message.headers["content-type"] ?? "";
  if (type.includes("multiplexed-stream")) return true;
  return raw.length >= 8 && (raw[0] ?? 9) <= 2 && raw[1] === 0 && raw[2] === 0 && raw[3] === 0;
}
function demultiplex(raw) {
  const parts = [];
  for (let at = 0; at + 8 <= raw.length; ) {
    const end3 = at + 8 + raw.readUInt32BE(at + 4);
    parts.push(raw.subarray(at + 8, end3));
    at = end3;
  }
  return Buffer.concat(parts);
}
var init_docker_answer = __esm({
  "src/connection/docker-answer.ts"() {
    "use strict";
    init_value();
  }
});

// src/connection/host-output.ts
import { randomBytes as randomBytes3 } from "node:crypto";
async function* hostOutput(wire2, script, signal) {
  const chunks = [];
  const said = [];
  const done = `code-${randomBytes3(12).toString("hex")}-`;
  let wake = () => {
  };
  const sink = {
    output: (chunk) => {
      chunks.push(chunk);
      wake();
    },
    errors: (chunk) => said.push(chunk)
  };
  const { channel, begun } = await start(wire2, void 0, guarded(wire2.worker), sink, signal);
  let ended2 = false;
  void channel.closed.then(() => {
    ended2 = true;
    wake();
  });
  signal.addEventListener("abort", () => channel.destroy(), { once: true });
  try {
    channel.input.write(
      `(eval ${quote(`${script.text}
`)}) </dev/null
printf '${done}%s\\n' $? >&2
exit
`
    );
    while (!ended2 || chunks.length > 0) {
      const chunk = chunks.shift();
      if (chunk) yield chunk;
      else
        await new Promise((resolve) => {
          wake = resolve;
          if (ended2 || chunks.length > 0) resolve();
        });
    }
    await begun;
    judge(Buffer.concat(said).toString(), done);
  } finally {
    channel.input.end();
    channel.destroy();
  }
}
function judge(stderr, done) {
  const [said = "", code] = stderr.split(done);
  if (code?.trim() === "0") return;
  const why = said.trim().split("\n").at(-1) || `exit code ${code?.trim() ?? "unknown"}`;
  throw new Error(`the script that makes the archive failed: ${why}`);
}
var init_host_output = __esm({
  "src/connection/host-output.ts"() {
    "use strict";
    init_sh();
    init_become();
    init_watch();
  }
});

// src/connection/tar.ts
import { createReadStream as createReadStream2 } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import path from "node:path";
async function* packFolder(folder) {
  yield* packBelow(folder, "");
  yield Buffer.alloc(2 * BLOCK2);
}
async function* packBelow(root, below) {
  const names = (await readdir(path.join(root, below))).sort();
  for (const name of names) yield* packEntry(root, below === "" ? name : `${below}/${name}`);
}
async function* packEntry(root, name) {
  const full = path.join(root, name);
  const info = await lstat(full);
  const common = { mode: info.mode & 4095, mtime: Math.floor(info.mtimeMs / 1e3) };
  if (info.isDirectory()) {
    yield headers({ ...common, name: `${name}/`, type: "5", size: 0 });
    yield* packBelow(root, name);
  } else if (info.isSymbolicLink()) {
    yield headers({ ...common, name, type: "2", size: 0, link: await readlink(full) });
  } else if (info.isFile()) {
    yield headers({ ...common, name, type: "0", size: info.size });
    yield* fileBlocks(full, info.size);
  }
}
async function* fileBlocks(file, size) {
  if (size === 0) return;
  let sent = 0;
  for await (const chunk of createReadStream2(file, { end: size - 1 })) {
    if (!Buffer.isBuffer(chunk)) continue;
    sent += chunk.length;
    yield chunk;
  }
  yield Buffer.alloc(size - sent + padding(size));
}
function padding(size) {
  return (BLOCK2 - size % BLOCK2) % BLOCK2;
}
function headers(header) {
  const long = [...longName("L", header.name), ...longName("K", header.link ?? "")];
  return Buffer.concat([...long, encode2(header)]);
}
function longName(type, text) {
  const bytes = Buffer.from(`${text}\0`);
  if (bytes.length <= 101) return [];
  const header = encode2({ name: "././@LongLink", type, size: bytes.length, mode: 420, mtime: 0 });
  return [header, bytes, Buffer.alloc(padding(bytes.length))];
}
function encode2({ name, type, size, mode, mtime, link = "" }) {
  const block = Buffer.alloc(BLOCK2);
  const octal = (value, at, width) => block.write(
    `${Math.max(0, value).toString(8).padStart(width - 1, "0")}\0`,
    at,
    "latin1"
  );
  block.set(Buffer.from(name).subarray(0, 100), 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(mtime, 136, 12);
  block.write("        ", 148, "latin1");
  block.write(type, 156, "latin1");
  block.set(Buffer.from(link).subarray(0, 100), 157);
  block.write("ustar  \0", 257, "latin1");
  block.write("root", 265, "latin1");
  block.write("root", 297, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
var BLOCK2;
var init_tar = __esm({
  "src/connection/tar.ts"() {
    "use strict";
    BLOCK2 = 512;
  }
});

// src/connection/docker.ts
var docker_exports = {};
__export(docker_exports, {
  Docker: () => Docker,
  dialingAgent: () => dialingAgent
});
import { Agent } from "node:http";
import { Readable as Readable2 } from "node:stream";
function isMessage(answer) {
  return answer instanceof Readable2 && "statusCode" in answer;
}
async function loadModem(agent) {
  const { default: Client } = await import("dockerode");
  const options2 = { protocol: "http", host: "docker", port: 80, agent };
  return new Client(options2).modem;
}
function dialingAgent(connection, target2) {
  const agent = new Agent({ keepAlive: true });
  const createConnection = (_options, callback) => {
    connection.dial(target2).then(
      (stream) => callback(null, likeSocket(stream)),
      (error) => callback(error)
    );
  };
  return Object.assign(agent, { createConnection });
}
function likeSocket(stream) {
  const missing = ["setKeepAlive", "setNoDelay", "setTimeout", "ref", "unref"].filter(
    (name) => !(name in stream)
  );
  return Object.assign(stream, Object.fromEntries(missing.map((name) => [name, () => stream])));
}
var SOCKET, DEFAULT_LIMIT2, ANY_STATUS, Docker;
var init_docker = __esm({
  "src/connection/docker.ts"() {
    "use strict";
    init_channel();
    init_docker_answer();
    init_host_output();
    init_tar();
    SOCKET = "/var/run/docker.sock";
    DEFAULT_LIMIT2 = 60;
    ANY_STATUS = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [i + 100, true]));
    Docker = class {
      #wire;
      #agent;
      #modem;
      constructor(wire2, connection) {
        this.#wire = wire2;
        this.#agent = dialingAgent(connection, { socket: SOCKET });
      }
      /** Rejects with an AbortError, or a ConnectionError when the host is lost. */
      async call(call, { signal, onLine }) {
        throwIfAborted(signal);
        const limit = AbortSignal.timeout((call.limit ?? DEFAULT_LIMIT2) * 1e3);
        const ending = signal ? AbortSignal.any([signal, limit]) : limit;
        const archive = call.archive && this.#archive(call.archive, ending);
        let broken;
        archive?.once("error", (error) => {
          broken = error;
        });
        try {
          const answer = await readAnswer(await this.#dial(call, archive, ending), call.answer ?? "json", onLine);
          if (ending.aborted || this.#wire.lost()) throw new Error("the answer was cut off");
          return answer;
        } catch (error) {
          if (signal?.aborted) throw new AbortError(signal);
          const lost = this.#wire.lost();
          if (lost) throw lost;
          return { status: 0, body: null, message: this.#failure(error, broken, call, limit) };
        } finally {
          archive?.destroy();
        }
      }
      close() {
        this.#agent.destroy();
      }
      #archive(archive, signal) {
        if ("folder" in archive) return Readable2.from(packFolder(archive.folder), { objectMode: false });
        const script = archive.hostScript;
        return Readable2.from(hostOutput(this.#wire, script, signal), { objectMode: false });
      }
      async #dial(call, archive, abortSignal) {
        this.#modem ??= loadModem(this.#agent);
        const modem = await this.#modem;
        const query = Object.entries(call.query ?? {}).map(([key, value]) => [
          key,
          String(value)
        ]);
        const search = query.length === 0 ? "" : `?${new URLSearchParams(query)}&`;
        return new Promise((resolve, reject) => {
          modem.dial(
            {
              // The modem cuts the last character off a path with a question mark, unless it has options.
              path: `${call.path}${search}`,
              method: call.method,
              ...archive ? { file: archive } : call.method === "POST" ? { options: { _query: {}, _body: call.body ?? {} } } : {},
              ...call.auth ? { authconfig: { ...call.auth } } : {},
              isStream: true,
              statusCodes: ANY_STATUS,
              abortSignal
            },
            (error, answer) => error || !isMessage(answer) ? reject(error) : resolve(answer)
          );
        });
      }
      #failure(error, broken, call, limit) {
        const { host } = this.#wire;
        if (limit.aborted)
          return `Docker on ${host} did not finish ${call.method} ${call.path} within ${call.limit ?? DEFAULT_LIMIT2} s`;
        if (broken) return broken.message;
        const why = error instanceof Error ? error.message : String(error);
        return `no answer from the Docker daemon on ${host} (${SOCKET}): ${why}`;
      }
    };
  }
});

// src/connection/ssh-config.ts
import { readdirSync, readFileSync } from "node:fs";
import os2 from "node:os";
import path2 from "node:path";
async function resolveTarget(settings, home = os2.homedir()) {
  const given = options(settings);
  const all = new Map(given);
  const user = given.get("user")?.[0] ?? os2.userInfo().username;
  const lookup = {
    asked: settings.address,
    user,
    home,
    all,
    config: (await import("ssh-config")).default
  };
  for (const file of configFiles(given.get("configfile")?.[0], home)) readConfig(file, lookup, true, 0);
  refuseUnsupported(settings.name, all);
  return target(settings, all, home);
}
function options({ sshOptions = {}, port, user, privateKeyFile }) {
  const all = new Map(
    Object.entries(sshOptions).map(([key, values]) => [key.toLowerCase(), [...values]])
  );
  if (port !== void 0) all.set("port", [String(port)]);
  if (user !== void 0) all.set("user", [user]);
  if (privateKeyFile !== void 0)
    all.set("identityfile", [privateKeyFile, ...all.get("identityfile") ?? []]);
  return all;
}
function configFiles(only2, home) {
  if (only2?.toLowerCase() === "none") return [];
  return only2 === void 0 ? [path2.join(home, ".ssh/config"), "/etc/ssh/ssh_config"] : [tilde(only2, home)];
}
function readConfig(file, lookup, active, depth) {
  const text = readIfThere(file);
  if (text === void 0 || depth > 16) return;
  readLines([...lookup.config.parse(text)], file, lookup, active, depth);
}
function readLines(lines, file, lookup, active, depth) {
  for (const line of lines) {
    if (!("param" in line)) continue;
    const key = line.param.toLowerCase();
    const words = wordsOf(line.value);
    if ("config" in line)
      readLines([...line.config], file, lookup, active && applies(key, words, lookup), depth);
    else if (key === "include")
      for (const other2 of included(words, file, lookup.home)) readConfig(other2, lookup, active, depth + 1);
    else if (active) take(lookup.all, key, words);
  }
}
function wordsOf(value) {
  return typeof value === "string" ? [value] : value.map(({ val }) => val);
}
function take(all, key, words) {
  const value = words.join(" ");
  const before = all.get(key);
  if (before === void 0) all.set(key, [value]);
  else if (ADDING.has(key)) before.push(value);
}
function applies(key, words, lookup) {
  return key === "host" ? matchesList(
    words.flatMap((word2) => word2.split(/\s+/)),
    lookup.asked
  ) : matches(words, lookup);
}
function matches(words, { asked, user, all }) {
  const rest = words.length === 1 ? (words[0] ?? "").split(/\s+/) : [...words];
  const host = all.get("hostname")?.[0]?.replaceAll("%h", asked) ?? asked;
  const subjects = {
    host,
    originalhost: asked,
    user: all.get("user")?.[0] ?? user,
    localuser: os2.userInfo().username
  };
  for (let word2 = rest.shift(); word2 !== void 0; word2 = rest.shift()) {
    const negated = word2.startsWith("!");
    const name = word2.slice(negated ? 1 : 0).toLowerCase();
    if (name === "all") continue;
    const subject = subjects[name];
    const patterns = rest.shift() ?? "";
    if (subject === void 0 || matchesList(patterns.split(","), subject) === negated) return false;
  }
  return true;
}
function matchesList(patterns, name) {
  const hit = (pattern) => glob(pattern).test(name);
  if (patterns.some((pattern) => pattern.startsWith("!") && hit(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && hit(pattern));
}
function glob(pattern) {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "i");
}
function included(patterns, from, home) {
  const folder = from.startsWith("/etc/ssh") ? "/etc/ssh" : path2.join(home, ".ssh");
  return patterns.flatMap((pattern) => expandGlob(path2.resolve(folder, tilde(pattern, home))));
}
function expandGlob(absolute) {
  const expand = (found, part) => /[*?]/.test(part) ? found.flatMap(
    (folder) => list(folder).filter((name) => glob(part).test(name)).map((name) => path2.join(folder, name))
  ) : found.map((folder) => path2.join(folder, part));
  return absolute.split("/").slice(1).reduce(expand, ["/"]);
}
function list(folder) {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith(".")).sort();
  } catch {
    return [];
  }
}
function refuseUnsupported(name, all) {
  for (const [key, hint] of Object.entries(REFUSED)) {
    const value = all.get(key)?.[0];
    if (value !== void 0 && value.toLowerCase() !== "none" && !all.has("proxyjump"))
      throw new ConnectionError(`${name}: the ssh option ${key} (${value}) is not supported`, hint);
  }
}
function target(settings, all, home) {
  const first = (key) => all.get(key)?.[0];
  const host = (first("hostname") ?? settings.address).replaceAll("%h", settings.address);
  const user = first("user") ?? os2.userInfo().username;
  const port = Number(first("port") ?? 22);
  const expand = (text) => expandTokens(text, { h: host, n: settings.address, p: String(port), r: user }, home);
  const files = (key, byDefault) => (first(key) ?? byDefault).split(/\s+/).filter((file) => file !== "none").map(expand);
  const agent = agentSocket(first("identityagent"), expand);
  const alias = first("hostkeyalias");
  const jumps = first("proxyjump") ?? "none";
  return {
    name: settings.name,
    host,
    port,
    user,
    ...settings.password === void 0 ? {} : { password: settings.password },
    identityFiles: (all.get("identityfile") ?? []).filter((file) => file !== "none").map(expand),
    identitiesOnly: first("identitiesonly")?.toLowerCase() === "yes",
    ...agent === void 0 ? {} : { agent },
    jumps: jumps.toLowerCase() === "none" ? [] : jumps.split(",").map((jump) => jump.trim()),
    userKnownHosts: files("userknownhostsfile", "~/.ssh/known_hosts ~/.ssh/known_hosts2"),
    globalKnownHosts: files("globalknownhostsfile", "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2"),
    strict: strictness(first("stricthostkeychecking")),
    ...alias === void 0 ? {} : { alias },
    connectTimeout: settings.connectTimeout ?? seconds(first("connecttimeout"), 10),
    aliveInterval: seconds(first("serveraliveinterval"), 15),
    aliveCount: seconds(first("serveralivecountmax"), 3)
  };
}
function strictness(word2 = "ask") {
  const lower = word2.toLowerCase();
  if (lower === "no" || lower === "off" || lower === "false") return "no";
  if (lower === "yes" || lower === "true") return "yes";
  return lower === "accept-new" ? lower : "ask";
}
function seconds(text, byDefault) {
  const number = Number(text ?? byDefault);
  return Number.isFinite(number) ? number : byDefault;
}
function agentSocket(option, expand) {
  if (option === void 0 || option === "SSH_AUTH_SOCK") return process.env.SSH_AUTH_SOCK || void 0;
  if (option.toLowerCase() === "none") return void 0;
  return option.startsWith("$") ? process.env[option.slice(1)] || void 0 : expand(option);
}
function expandTokens(text, tokens, home) {
  const known = {
    ...tokens,
    d: home,
    u: os2.userInfo().username,
    l: os2.hostname(),
    "%": "%"
  };
  return tilde(
    text.replace(/%(.)/g, (whole2, token) => known[token] ?? whole2),
    home
  );
}
function tilde(file, home) {
  return file === "~" || file.startsWith("~/") ? path2.join(home, file.slice(1)) : file;
}
function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return void 0;
    throw new ConnectionError(`cannot read ${file}: ${error instanceof Error ? error.message : error}`);
  }
}
var ADDING, REFUSED;
var init_ssh_config = __esm({
  "src/connection/ssh-config.ts"() {
    "use strict";
    init_transport();
    ADDING = /* @__PURE__ */ new Set(["identityfile", "certificatefile"]);
    REFUSED = {
      proxycommand: "write ProxyJump instead",
      certificatefile: "use a key that the host knows in authorized_keys"
    };
  }
});

// src/connection/auth.ts
import { readFile } from "node:fs/promises";
import path3 from "node:path";
function unusable(file, message, content) {
  if (/encrypted|passphrase/i.test(message))
    return `${file} is encrypted: add it to the agent with ssh-add ${file}`;
  if (content.includes("sk-ssh-") || content.includes("c2stc3No") || /sk-(ssh|ecdsa)/.test(content.toString("latin1")))
    return `${file} is a security key (FIDO), which is not supported`;
  return `${file} is no private key that can be used (${message})`;
}
function identities(agent) {
  return new Promise((resolve, reject) => {
    agent.getIdentities((error, keys) => {
      if (error) reject(error);
      else
        resolve(
          (keys ?? []).filter((key) => typeof key === "object" && "getPublicSSH" in key)
        );
    });
  });
}
function only(ssh2, agent, keys) {
  class Chosen extends ssh2.BaseAgent {
    getIdentities(callback) {
      callback(null, [...keys]);
    }
    sign(key, data, options2, callback) {
      if (typeof options2 === "function") agent.sign(key, data, options2);
      else agent.sign(key, data, options2, callback);
    }
  }
  return new Chosen();
}
var USUAL_KEYS, Login;
var init_auth = __esm({
  "src/connection/auth.ts"() {
    "use strict";
    init_transport();
    init_ssh_config();
    USUAL_KEYS = ["id_ed25519", "id_ecdsa", "id_rsa"];
    Login = class {
      #target;
      #home;
      #ssh2;
      #tried = [];
      #notes = [];
      #attempts;
      constructor(target2, home, ssh2) {
        this.#target = target2;
        this.#home = home;
        this.#ssh2 = ssh2;
        this.#attempts = this.#all();
      }
      /** For ssh2's `authHandler`. Never asks by `none` first: that would cost a round trip. */
      handler = (left, _partial, next) => {
        void this.#next(left).then(next, () => next(false));
      };
      failure() {
        const { name, user } = this.#target;
        const tried = this.#tried.length === 0 ? "there was nothing to try" : `tried ${this.#tried.join(", ")}`;
        const notes = this.#notes.map((note) => `; ${note}`).join("");
        return new ConnectionError(
          `${name}: cannot log in as ${user}: ${tried}${notes}`,
          `put your public key into ~${user}/.ssh/authorized_keys there, or name another by ansible_user, ansible_ssh_private_key_file or ansible_password`
        );
      }
      async #next(left) {
        for (; ; ) {
          const { value, done } = await this.#attempts.next();
          if (done || !value) return false;
          const type = value.method.type === "agent" ? "publickey" : value.method.type;
          if (left && !left.includes(type)) continue;
          this.#tried.push(value.say);
          return value.method;
        }
      }
      async *#all() {
        const { identityFiles, password } = this.#target;
        for (const file of identityFiles) yield* this.#key(file, true);
        yield* this.#agent();
        if (identityFiles.length === 0)
          for (const file of USUAL_KEYS) yield* this.#key(path3.join(this.#home, ".ssh", file), false);
        if (password !== void 0) yield* this.#passwords(password);
      }
      async *#key(file, named) {
        const content = await readFile(file).catch((error) => error);
        if (content instanceof Error) {
          if (named || content.code !== "ENOENT")
            this.#notes.push(`${file} cannot be read (${content.code ?? content.message})`);
          return;
        }
        const key = this.#ssh2.utils.parseKey(content);
        if (key instanceof Error) this.#notes.push(unusable(file, key.message, content));
        else
          yield { say: `key ${file}`, method: { type: "publickey", username: this.#target.user, key: content } };
      }
      async *#agent() {
        const { agent: socket, user } = this.#target;
        if (socket === void 0) return;
        const agent = this.#ssh2.createAgent(socket);
        const keys = await identities(agent).catch((error) => error);
        if (keys instanceof Error) {
          this.#notes.push(`the ssh agent at ${socket} does not answer`);
          return;
        }
        const chosen = this.#chosen(keys);
        if (chosen.length === 0) return;
        const plural = chosen.length === 1 ? "key" : "keys";
        yield {
          say: `${chosen.length} ${plural} of the ssh agent`,
          method: { type: "agent", username: user, agent: only(this.#ssh2, agent, chosen) }
        };
      }
      /** With IdentitiesOnly the agent's keys count only where a file names them. */
      #chosen(keys) {
        if (!this.#target.identitiesOnly) return keys;
        const named = this.#target.identityFiles.map((file) => readIfThere(`${file}.pub`)?.split(" ")[1]);
        return keys.filter((key) => named.includes(key.getPublicSSH().toString("base64")));
      }
      *#passwords(password) {
        const username = this.#target.user;
        yield { say: "the password", method: { type: "password", username, password } };
        yield {
          say: "the password, by keyboard-interactive",
          method: {
            type: "keyboard-interactive",
            username,
            prompt: (_name, _instructions, _lang, prompts, finish) => finish(prompts.map(() => password))
          }
        };
      }
    };
  }
});

// src/connection/known-hosts.ts
import { createHash, createHmac } from "node:crypto";
function hostPattern(host, port) {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}
function keysFor(name, file, text) {
  return text.split("\n").flatMap((line, i) => {
    const [, mark = "", names = "", type = "", blob = ""] = /^\s*(?:(@revoked|@cert-authority)\s+)?([^\s#]\S*)\s+(\S+)\s+([A-Za-z0-9+/=]+)/.exec(line) ?? [];
    if (names === "" || !speaksOf(names, name)) return [];
    return [{ file, line: i + 1, mark: markOf(mark), type, key: Buffer.from(blob, "base64") }];
  });
}
function markOf(mark) {
  return mark === "@revoked" || mark === "@cert-authority" ? mark : "";
}
function speaksOf(names, name) {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(names) ?? [];
  if (salt === void 0 || hash === void 0) return matchesList(names.split(","), name);
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
}
function judge2(keys, shown) {
  const same = keys.filter(({ key }) => key.equals(shown));
  const by = same.find(({ mark }) => mark === "@revoked");
  if (by) return { kind: "revoked", by };
  if (same.some(({ mark }) => mark === "")) return { kind: "known" };
  const known = keys.filter(({ mark, type }) => mark === "" && type in ALGORITHMS);
  if (known.length > 0) return { kind: "changed", known };
  const authority = keys.find(({ mark }) => mark === "@cert-authority");
  return { kind: "unknown", ...authority ? { authority } : {} };
}
function algorithmsFor(keys) {
  const types = Object.keys(ALGORITHMS);
  const known = types.filter((type) => keys.some((key) => key.mark === "" && key.type === type));
  return [.../* @__PURE__ */ new Set([...known, ...types])].flatMap((type) => ALGORITHMS[type] ?? []);
}
function keyType(key) {
  return key.toString("latin1", 4, 4 + key.readUInt32BE(0));
}
function fingerprint(key) {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
function knownLine(name, key) {
  return `${name} ${keyType(key)} ${key.toString("base64")}
`;
}
var ALGORITHMS;
var init_known_hosts = __esm({
  "src/connection/known-hosts.ts"() {
    "use strict";
    init_ssh_config();
    ALGORITHMS = {
      "ssh-ed25519": ["ssh-ed25519"],
      "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
      "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
      "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
      "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]
    };
  }
});

// src/connection/host-key.ts
import { appendFile, mkdir } from "node:fs/promises";
import path4 from "node:path";
function knownKeys(target2) {
  const files = [...target2.userKnownHosts, ...target2.globalKnownHosts];
  return files.flatMap((file) => keysFor(knownName(target2), file, readIfThere(file) ?? ""));
}
function knownName({ alias, host, port }) {
  return alias?.toLowerCase() ?? hostPattern(host, port);
}
async function verifyHostKey(target2, shown, ask) {
  const verdict = judge2(knownKeys(target2), shown);
  if (verdict.kind === "known") return;
  if (verdict.kind === "unknown") return meetStranger(target2, shown, verdict, ask);
  throw verdict.kind === "revoked" ? revoked(target2, shown, verdict.by) : changed(target2, shown, verdict.known);
}
async function meetStranger(target2, shown, { authority }, ask) {
  if (target2.strict === "no" || target2.strict === "accept-new") return remember(target2, shown);
  const question = { host: knownName(target2), keyType: keyType(shown), fingerprint: fingerprint(shown) };
  if (target2.strict === "ask" && ask && await ask(question)) return remember(target2, shown);
  const certificates = authority ? ` (${authority.file}:${authority.line} names a certificate authority, but host certificates are not supported)` : "";
  throw new ConnectionError(
    `${target2.name}: the host key of ${question.host} is not known: ${question.keyType} ${question.fingerprint}${certificates}`,
    `compare the fingerprint, then: ${scan(target2)} >> ${target2.userKnownHosts[0] ?? "~/.ssh/known_hosts"}`
  );
}
function scan({ host, port, alias }) {
  const command = port === 22 ? `ssh-keyscan ${host}` : `ssh-keyscan -p ${port} ${host}`;
  return alias === void 0 ? command : `${command} | sed 's/^[^ ]*/${alias}/'`;
}
async function remember(target2, shown) {
  const file = target2.userKnownHosts[0];
  if (file === void 0 || file === "/dev/null") return;
  await mkdir(path4.dirname(file), { recursive: true, mode: 448 });
  const before = readIfThere(file) ?? "";
  const gap = before === "" || before.endsWith("\n") ? "" : "\n";
  await appendFile(file, gap + knownLine(knownName(target2), shown), { mode: 384 });
}
function revoked(target2, shown, by) {
  return new ConnectionError(
    `${target2.name}: the host shows a revoked key: ${keyType(shown)} ${fingerprint(shown)} (${by.file}:${by.line})`,
    "somebody else may be answering in its place; do not connect before the host has a new key"
  );
}
function changed(target2, shown, known) {
  const expected = known.find(({ type }) => type === keyType(shown)) ?? known[0];
  const before = expected ? `; known is ${expected.type} ${fingerprint(expected.key)} (${expected.file}:${expected.line})` : "";
  return new ConnectionError(
    `${target2.name}: the host key of ${knownName(target2)} has changed: it shows ${keyType(shown)} ${fingerprint(shown)}${before}`,
    `somebody may be listening in; if the host was reinstalled: ssh-keygen -R '${knownName(target2)}' -f ${expected?.file ?? "~/.ssh/known_hosts"}`
  );
}
var init_host_key = __esm({
  "src/connection/host-key.ts"() {
    "use strict";
    init_transport();
    init_known_hosts();
    init_ssh_config();
  }
});

// src/connection/time-limit.ts
var TimeLimit;
var init_time_limit = __esm({
  "src/connection/time-limit.ts"() {
    "use strict";
    TimeLimit = class {
      #left;
      #since = 0;
      #timer;
      #reach = () => {
      };
      reached;
      /** Stands still at first. */
      constructor(seconds2) {
        this.#left = seconds2 * 1e3;
        this.reached = new Promise((resolve) => {
          this.#reach = () => resolve("late");
        });
      }
      resume() {
        this.#since = performance.now();
        this.#timer ??= setTimeout(this.#reach, Math.max(0, this.#left));
      }
      pause() {
        if (this.#timer === void 0) return;
        clearTimeout(this.#timer);
        this.#timer = void 0;
        this.#left -= performance.now() - this.#since;
      }
    };
  }
});

// src/connection/ssh-login.ts
import { once } from "node:events";
import net2 from "node:net";
import { setTimeout as delay } from "node:timers/promises";
async function logIn(target2, open, options2, signal) {
  throwIfAborted(signal);
  const limit = new TimeLimit(target2.connectTimeout);
  const giveUp2 = new AbortController();
  const outer = AbortSignal.any([signal, giveUp2.signal]);
  const work = persist(target2, open, options2, limit, outer);
  work.then(
    (client) => giveUp2.signal.aborted && client.end(),
    () => {
    }
  );
  try {
    const client = await orAbort(Promise.race([work, limit.reached]), signal);
    if (client === "late") throw tooLate(target2);
    return client;
  } catch (error) {
    giveUp2.abort();
    throw error;
  } finally {
    limit.pause();
  }
}
async function persist(target2, open, options2, limit, signal) {
  for (let pause = 60; ; pause = Math.min(pause * 1.5, 1e3)) {
    limit.pause();
    const release = await options2.handshakes.take();
    limit.resume();
    try {
      throwIfAborted(signal);
      return await attempt(target2, open, options2, limit, signal);
    } catch (error) {
      if (!(error instanceof Dropped)) throw error;
    } finally {
      release();
    }
    await delay(pause * (0.5 + Math.random()), void 0, { signal });
  }
}
async function attempt(target2, open, options2, limit, signal) {
  const [{ NodeSSH }, { default: ssh2 }] = await Promise.all([import("node-ssh"), import("ssh2")]);
  const sock = await open(signal).catch((error) => {
    throw explain(target2, error);
  });
  const cut = () => sock.destroy();
  signal.addEventListener("abort", cut, { once: true });
  const login = new Login(target2, options2.home, ssh2);
  let refusal2;
  let greeted = false;
  const verify = (key, answer) => {
    greeted = true;
    limit.pause();
    verifyHostKey(target2, key, options2.ask).catch((error) => {
      refusal2 = error;
    }).finally(() => {
      limit.resume();
      answer(refusal2 === void 0);
    });
  };
  const ssh = new NodeSSH();
  try {
    const config = {
      sock,
      username: target2.user,
      readyTimeout: 0,
      keepaliveInterval: target2.aliveInterval * 1e3,
      keepaliveCountMax: target2.aliveCount,
      hostVerifier: verify,
      algorithms: { serverHostKey: [...algorithmsFor(knownKeys(target2))] }
    };
    const connected = ssh.connect(Object.assign(config, { authHandler: login.handler }));
    ssh.connection?.on("error", () => {
    });
    await connected;
    if (!ssh.connection) throw new Dropped();
    return ssh.connection;
  } catch (error) {
    sock.destroy();
    throwIfAborted(signal);
    if (refusal2 !== void 0) throw refusal2;
    if (isAuthentication(error)) throw login.failure();
    throw greeted ? explain(target2, error) : dropped(target2, error);
  } finally {
    signal.removeEventListener("abort", cut);
  }
}
function isAuthentication(error) {
  return error instanceof Error && "level" in error && error.level === "client-authentication";
}
function dropped(target2, error) {
  const message = error instanceof Error ? error.message : "";
  return /before handshake|ECONNRESET|EPIPE|No response/.test(message) ? new Dropped(message) : explain(target2, error);
}
function tcp({ host, port }) {
  return async (signal) => {
    const socket = net2.connect({ host, port });
    try {
      await once(socket, "connect", { signal });
    } catch (error) {
      socket.on("error", () => {
      });
      socket.destroy();
      throw error;
    }
    socket.setNoDelay(true);
    return socket;
  };
}
function tooLate(target2) {
  return new ConnectionError(
    `${target2.name}: no answer from ${target2.host} port ${target2.port} within ${target2.connectTimeout} s`,
    "is the host up, the address right, and no firewall in between?"
  );
}
function explain(target2, error) {
  if (error instanceof ConnectionError || error instanceof Error && error.name === "AbortError")
    return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const [what, hint] = CAUSES[code] ?? [error instanceof Error ? error.message : String(error)];
  return new ConnectionError(
    `${target2.name}: cannot connect to ${target2.host} port ${target2.port}: ${what}`,
    hint
  );
}
var Dropped, CAUSES;
var init_ssh_login = __esm({
  "src/connection/ssh-login.ts"() {
    "use strict";
    init_transport();
    init_auth();
    init_channel();
    init_host_key();
    init_known_hosts();
    init_time_limit();
    Dropped = class extends Error {
    };
    CAUSES = {
      ECONNREFUSED: ["the connection was refused", "is sshd running there, and on that port?"],
      ENOTFOUND: ["there is no such name", "correct ansible_host, or add the name to DNS or ~/.ssh/config"],
      EAI_AGAIN: ["the name cannot be looked up", "is DNS reachable from here?"],
      EHOSTUNREACH: [
        "there is no route to the host",
        "is the host up, and on a network that is reached from here?"
      ],
      ENETUNREACH: ["there is no route to its network", "is the network up?"],
      ETIMEDOUT: ["it does not answer", "is the host up, the address right, and no firewall in between?"]
    };
  }
});

// src/connection/ssh.ts
var ssh_exports = {};
__export(ssh_exports, {
  forward: () => forward,
  sshWire: () => sshWire
});
async function sshWire(settings, options2, jumps, signal) {
  const target2 = await resolveTarget(settings, options2.home);
  const via = await jumps.lead(target2, settings, options2, signal);
  try {
    const client = await logIn(target2, via?.open ?? tcp(target2), options2, signal);
    return wire(
      client,
      { name: settings.name, user: target2.user, shell: settings.shell ?? "/bin/sh" },
      () => via?.release()
    );
  } catch (error) {
    via?.release();
    throw error;
  }
}
function wire(client, { name, user, shell }, release) {
  const sessions2 = new Slots(MOST_SESSIONS);
  let reason = "";
  let lost;
  const closed = new Promise((resolve) => {
    client.on("error", (error) => {
      reason = error.message;
    });
    client.once("close", () => {
      lost ??= new ConnectionError(
        `${name}: the connection was lost${reason === "" ? "" : ` (${reason})`}`,
        "is the host still up? Run again: what is done already stays done"
      );
      release();
      resolve();
    });
  });
  return {
    host: name,
    loginUser: user,
    shell,
    worker: [shell],
    lost: () => lost,
    launch: async (line, signal) => {
      const free = await sessions2.take();
      try {
        throwIfAborted(signal);
        return await session(client, `exec ${quote(shell)} -c ${quote(line)}`, free, signal);
      } catch (error) {
        free();
        throw lost ?? (error instanceof Error && error.name === "AbortError" ? error : refusedSession(name, error));
      }
    },
    dial: (target2, signal) => orAbort(forward(client, name, target2), signal),
    close: async () => {
      client.end();
      await closed;
    }
  };
}
async function session(client, command, free, signal) {
  const opening = new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => error ? reject(error) : resolve(channel));
  });
  const stream = await orAbort(opening, signal).catch((error) => {
    opening.then(
      (late) => late.destroy(),
      () => {
      }
    );
    throw error;
  });
  return asChannel(stream, free);
}
function asChannel(stream, free) {
  let end3 = {};
  stream.on("error", () => {
  });
  const exited = new Promise((resolve) => {
    stream.on("exit", (code, signal) => {
      end3 = { ...code === null ? {} : { code }, ...signal === void 0 ? {} : { signal } };
      resolve(end3);
    });
    stream.once("close", () => resolve(end3));
  });
  const closed = new Promise((resolve) => {
    stream.once("close", () => {
      free();
      resolve(end3);
    });
  });
  const destroy = () => {
    stream.resume();
    stream.stderr.resume();
    stream.destroy();
    free();
  };
  return { input: stream, output: stream, errors: stream.stderr, exited, closed, destroy };
}
function refusedSession(name, error) {
  return new ConnectionError(
    `${name}: the host refused to open a session: ${error instanceof Error ? error.message : error}`,
    "check MaxSessions and ForceCommand in its sshd_config"
  );
}
function forward(client, name, target2) {
  return new Promise((resolve, reject) => {
    const answer = (error, channel) => error ? reject(refusedForward(name, target2, error)) : resolve(channel);
    try {
      if ("socket" in target2) client.openssh_forwardOutStreamLocal(target2.socket, answer);
      else client.forwardOut("127.0.0.1", 0, target2.host, target2.port, answer);
    } catch (error) {
      reject(error);
    }
  });
}
function refusedForward(name, target2, error) {
  const place = "socket" in target2 ? target2.socket : `${target2.host} port ${target2.port}`;
  if ("reason" in error && error.reason === PROHIBITED)
    return new Error(
      `${name}: sshd does not forward to ${place}: set AllowTcpForwarding and AllowStreamLocalForwarding to yes in its sshd_config`
    );
  if ("socket" in target2)
    return new Error(
      `${name}: ${place} cannot be opened: nothing listens there, the login user may not, or sshd has AllowStreamLocalForwarding no`
    );
  return new Error(`${name}: nothing answers at ${place} (${error.message})`);
}
var MOST_SESSIONS, PROHIBITED;
var init_ssh = __esm({
  "src/connection/ssh.ts"() {
    "use strict";
    init_sh();
    init_transport();
    init_channel();
    init_slots();
    init_ssh_config();
    init_ssh_login();
    MOST_SESSIONS = 8;
    PROHIBITED = 1;
  }
});

// src/connection/jumps.ts
var jumps_exports = {};
__export(jumps_exports, {
  Jumps: () => Jumps
});
async function resolveNext(target2, i, settings, options2) {
  const jump = target2.jumps[i + 1];
  return jump === void 0 ? target2 : resolveTarget(jumpSettings(jump, settings), options2.home);
}
function jumpSettings(jump, settings) {
  const [, user, bracketed, plain, port] = /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(jump) ?? [];
  const address = bracketed ?? plain;
  if (address === void 0)
    throw new ConnectionError(
      `${settings.name}: ProxyJump "${jump}" is not understood`,
      "write [user@]host[:port]"
    );
  const { configfile } = settings.sshOptions ?? {};
  return {
    kind: "ssh",
    name: `${settings.name} (jump host ${address})`,
    address,
    ...user === void 0 ? {} : { user },
    ...port === void 0 ? {} : { port: Number(port) },
    ...configfile === void 0 ? {} : { sshOptions: { configfile } },
    ...settings.connectTimeout === void 0 ? {} : { connectTimeout: settings.connectTimeout }
  };
}
var DEEPEST, Jumps;
var init_jumps = __esm({
  "src/connection/jumps.ts"() {
    "use strict";
    init_transport();
    init_ssh();
    init_ssh_config();
    init_ssh_login();
    DEEPEST = 8;
    Jumps = class {
      #shared = /* @__PURE__ */ new Map();
      /** The way to a target through its jump hosts; undefined when it has none. */
      async lead(target2, settings, options2, signal, depth = 0) {
        if (target2.jumps.length === 0) return void 0;
        if (depth >= DEEPEST) throw new ConnectionError(`${settings.name}: ProxyJump goes round in circles`);
        let way;
        for (let i = 0; i < target2.jumps.length; i += 1) {
          const key = JSON.stringify([target2.jumps.slice(0, i + 1), settings.sshOptions?.configfile ?? []]);
          const before = way;
          const jump = await this.#share(
            key,
            () => this.#logIn(target2.jumps[i] ?? "", settings, before, options2, signal, depth),
            before
          );
          const next = await resolveNext(target2, i, settings, options2);
          way = { open: () => forward(jump.client, settings.name, next), release: jump.release };
        }
        return way;
      }
      async #share(key, open, before) {
        const shared = this.#shared.get(key) ?? { client: open(), users: 0 };
        this.#shared.set(key, shared);
        shared.users += 1;
        let held = true;
        const release = () => {
          if (!held) return;
          held = false;
          before?.release();
          shared.users -= 1;
          if (shared.users > 0) return;
          if (this.#shared.get(key) === shared) this.#shared.delete(key);
          shared.client.then(
            (client) => client.end(),
            () => {
            }
          );
        };
        try {
          const client = await shared.client;
          client.once("close", () => this.#shared.delete(key));
          return { client, release };
        } catch (error) {
          this.#shared.delete(key);
          release();
          throw error;
        }
      }
      async #logIn(jump, settings, before, options2, signal, depth) {
        const own = jumpSettings(jump, settings);
        const target2 = await resolveTarget(own, options2.home);
        const lead = before ?? await this.lead(target2, own, options2, signal, depth + 1);
        return logIn(target2, lead?.open ?? tcp(target2), options2, signal);
      }
    };
  }
});

// src/connection/connect.ts
init_channel();
import os3 from "node:os";

// src/connection/connection.ts
init_become();
init_channel();

// src/connection/shell.ts
init_become();
init_channel();
import { randomBytes as randomBytes2 } from "node:crypto";

// src/connection/frame.ts
init_sh();
init_watch();
var DEFAULT_LIMIT = 16 * 1024 * 1024;
var LONGEST_LINE = 64 * 1024;
var NEWLINE = 10;
function encode(scripts, nonce) {
  return `{
${scripts.map((script, i) => encodeOne(script, scripts[i + 1], i, nonce)).join("")}}
`;
}
function encodeOne(script, next, index, nonce) {
  const run = script.limit === void 0 ? isolated(script) : timed(script, script.limit);
  const guardedRun = script.needsPrevious ? `if [ "$_p" = 1 ]
then ${run}else _g=-
fi
` : run;
  const first = index === 0 ? "_p=0\n" : "";
  const judge3 = next?.needsPrevious ? `${judged(script.success ?? [0])}
` : "";
  return `${first}${guardedRun}${judge3}printf '\\036${nonce} %s\\n' "$_g"
printf '\\036${nonce}\\n' >&2
`;
}
function isolated(script) {
  return `(${environment(script.env ?? {})}eval ${word(script.text.text)}) </dev/null
_g=$?
`;
}
function timed(script, seconds2) {
  const end3 = "kill $_t 2>/dev/null\nwait $_t 2>/dev/null\n[ $? = 124 ]&&_g=t\n";
  return `${timer(Math.max(seconds2, 0.01))}
${isolated(script)}${end3}`;
}
function judged(success) {
  return success.length === 0 ? "_p=0" : `case $_g in ${success.join("|")})_p=1;;*)_p=0;;esac`;
}
function environment(env) {
  return Object.entries(env).map(([name, value]) => `${variable(name)}=${word(value)};export ${name};`).join("");
}
function variable(name) {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  throw new Error(`"${name}" cannot be an environment variable: a shell takes letters, digits and _ only`);
}
function word(text) {
  const quoted = quote(text);
  return quoted.startsWith("'") ? quoted : `'${quoted}'`;
}
var Cutter = class {
  #marker;
  #data;
  #end;
  #held = Buffer.alloc(0);
  constructor(marker, data, end3) {
    this.#marker = marker;
    this.#data = data;
    this.#end = end3;
  }
  feed(chunk) {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let from = 0;
    for (; ; ) {
      const at = bytes.indexOf(this.#marker, from);
      const close = at < 0 ? -1 : bytes.indexOf(NEWLINE, at + this.#marker.length);
      if (close < 0) {
        const keep = at < 0 ? this.#possibleStart(bytes, from) : at;
        this.#pass(bytes.subarray(from, keep));
        this.#held = Buffer.from(bytes.subarray(keep));
        return;
      }
      this.#pass(bytes.subarray(from, at));
      this.#end(bytes.toString("latin1", at + this.#marker.length, close).trim());
      from = close + 1;
    }
  }
  #pass(bytes) {
    if (bytes.length > 0) this.#data(bytes);
  }
  #possibleStart(bytes, from) {
    const at = bytes.lastIndexOf(this.#marker[0] ?? 0);
    if (at < from || bytes.length - at >= this.#marker.length) return bytes.length;
    return this.#marker.subarray(0, bytes.length - at).equals(bytes.subarray(at)) ? at : bytes.length;
  }
};
var Output = class {
  #limit;
  #tell;
  #kept = [];
  #size = 0;
  #line = [];
  #lineSize = 0;
  truncated = false;
  constructor(limit, tell) {
    this.#limit = limit;
    this.#tell = tell;
  }
  add(bytes) {
    const room = this.#limit - this.#size;
    if (bytes.length > room) this.truncated = true;
    const kept = bytes.subarray(0, Math.max(0, room));
    if (kept.length > 0) this.#kept.push(kept);
    this.#size += kept.length;
    if (this.#tell) this.#splitLines(bytes);
  }
  end() {
    if (this.#lineSize > 0) this.#tellLine();
    return Buffer.concat(this.#kept).toString();
  }
  #splitLines(bytes) {
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      this.#line.push(bytes.subarray(from, at));
      this.#tellLine();
      from = at + 1;
    }
    if (from === bytes.length) return;
    this.#line.push(bytes.subarray(from));
    this.#lineSize += bytes.length - from;
    if (this.#lineSize > LONGEST_LINE) this.#tellLine();
  }
  #tellLine() {
    const line = Buffer.concat(this.#line).toString();
    this.#line = [];
    this.#lineSize = 0;
    this.#tell?.(line);
  }
};
var FrameReader = class {
  #scripts;
  #onLine;
  #cutters;
  #finished = { stdout: [], stderr: [] };
  #truncated = /* @__PURE__ */ new Set();
  #statuses = [];
  #current;
  /** When the script that runs now began, in the clock of `performance.now()`. */
  #began = performance.now();
  #settle = () => void 0;
  /** Resolves when every script is answered. */
  done;
  constructor(scripts, nonce, onLine) {
    this.#scripts = scripts;
    this.#onLine = onLine;
    const marker = Buffer.from(`${nonce}`);
    this.#current = { stdout: this.#output("stdout"), stderr: this.#output("stderr") };
    const cutter = (stream) => new Cutter(
      marker,
      (bytes) => this.#current[stream].add(bytes),
      (status) => this.#endOf(stream, status)
    );
    this.#cutters = { stdout: cutter("stdout"), stderr: cutter("stderr") };
    this.done = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (scripts.length === 0) this.#settle();
  }
  feed(stream, chunk) {
    this.#cutters[stream].feed(chunk);
  }
  /** What each script gave. When the shell ended too early: `why` stands in stderr of the script that ran, later ones are skipped. */
  outcomes(why = "no answer") {
    const running = this.#answered();
    return this.#scripts.map((script, i) => {
      if (i < running) return this.#outcome(i);
      return i === running ? this.#cutShort(script, i, why) : SKIPPED;
    });
  }
  #answered() {
    return Math.min(this.#finished.stdout.length, this.#finished.stderr.length);
  }
  #outcome(i) {
    const status = this.#statuses[i] ?? "";
    if (status === "-") return SKIPPED;
    return {
      code: status === "t" ? 124 : Number(status),
      stdout: this.#finished.stdout[i] ?? "",
      stderr: this.#finished.stderr[i] ?? "",
      ...status === "t" ? { timedOut: true } : {},
      ...this.#truncated.has(i) ? { truncated: true } : {}
    };
  }
  #cutShort(script, i, why) {
    const timedOut = script.limit !== void 0 && performance.now() - this.#began >= script.limit * 1e3;
    const stderr = this.#finished.stderr[i] ?? this.#current.stderr.end();
    return {
      code: timedOut ? 124 : 255,
      stdout: this.#finished.stdout[i] ?? this.#current.stdout.end(),
      stderr: `${stderr}${stderr === "" || stderr.endsWith("\n") ? "" : "\n"}${why}`,
      ...timedOut ? { timedOut } : {}
    };
  }
  #endOf(stream, status) {
    const output = this.#current[stream];
    const finished = this.#finished[stream];
    finished.push(output.end());
    if (output.truncated) this.#truncated.add(finished.length - 1);
    if (stream === "stdout") this.#statuses.push(status);
    this.#current[stream] = this.#output(stream);
    this.#began = performance.now();
    if (this.#answered() === this.#scripts.length) this.#settle();
  }
  #output(stream) {
    const index = this.#finished[stream].length;
    const onLine = this.#onLine;
    const limit = this.#scripts[index]?.outputLimit ?? DEFAULT_LIMIT;
    return new Output(limit, onLine && ((line) => onLine(index, line, stream)));
  }
};
var SKIPPED = { code: -1, stdout: "", stderr: "", skipped: true };

// src/connection/shell.ts
init_watch();
var GRACE = 2e3;
var Shell = class {
  #host;
  #as;
  #live;
  #reader;
  #turn = Promise.resolve();
  #waiting = 0;
  constructor(host, as) {
    this.#host = host;
    this.#as = as;
  }
  /** No exchange runs or waits. */
  get idle() {
    return this.#waiting === 0;
  }
  /** Rejects with a ConnectionError when there is no shell to be had, with an AbortError once what ran has been ended. */
  exchange(scripts, options2 = {}) {
    this.#waiting += 1;
    const mine = this.#turn.then(() => this.#exchange(scripts, options2));
    this.#turn = mine.catch(() => {
    }).finally(() => {
      this.#waiting -= 1;
    });
    return mine;
  }
  /** Ends what runs on the host. Never rejects. */
  async close() {
    const live = this.#live;
    this.#live = void 0;
    if (!live) return;
    if (this.idle) live.channel.input.write("exit\n");
    await end(live.channel);
  }
  async #exchange(scripts, { signal, onLine }) {
    throwIfAborted(signal);
    const nonce = randomBytes2(12).toString("hex");
    const message = encode(scripts, nonce);
    const abort = abortion(signal);
    try {
      const live = await this.#open(signal);
      const reader = new FrameReader(scripts, nonce, onLine);
      this.#reader = reader;
      live.channel.input.write(message);
      const how = await Promise.race([
        reader.done.then(() => "done"),
        live.channel.exited.then(() => "ended"),
        abort.promise
      ]);
      if (how === "ended") await this.#buried(live);
      return reader.outcomes(`the shell that ran this was killed or crashed on ${this.#host.host}`);
    } catch (error) {
      if (error instanceof AbortError) await this.#drop();
      throw error;
    } finally {
      abort.release();
      this.#reader = void 0;
    }
  }
  async #open(signal) {
    if (this.#live) return this.#live;
    const lost = this.#host.lost();
    if (lost) throw lost;
    const sink = {
      output: (chunk) => this.#reader?.feed("stdout", chunk),
      errors: (chunk) => this.#reader?.feed("stderr", chunk)
    };
    const live = await start(this.#host, this.#as, guarded(this.#host.worker), sink, signal);
    this.#live = live;
    void live.channel.exited.then(() => {
      if (this.#live === live) this.#live = void 0;
    });
    return live;
  }
  /** The shell is gone: either the whole connection is, or it never began, or a script killed it. */
  async #buried({ channel, begun }) {
    await within(300, channel.closed);
    const lost = this.#host.lost();
    if (lost) throw lost;
    if (await within(300, begun)) await begun;
  }
  async #drop() {
    const live = this.#live;
    this.#live = void 0;
    if (live) await end(live.channel);
  }
};
async function end(channel) {
  channel.input.end();
  await within(GRACE, channel.exited);
  channel.destroy();
}

// src/connection/connection.ts
init_slots();

// src/connection/upload.ts
init_sh();
init_become();
init_channel();
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
var BLOCK = 1024 * 1024;
var LARGE = 8 * BLOCK;
var LANES = 4;
async function upload(wire2, { path: path6, content }, { as, signal }) {
  const size = "file" in content ? (await stat(content.file)).size : content.length;
  const source = (from, to) => read(content, from, to);
  const send = (command, bytes) => pour(wire2, as, `umask 077;${command}`, bytes, path6, signal);
  const target2 = quote(path6);
  const fresh = `rm -f -- ${target2}&&`;
  if (size <= LARGE) return send(`${fresh}exec cat > ${target2}`, source(0, size));
  await send(`${fresh}: > ${target2}`, Readable.from([]));
  const blocks = Math.ceil(size / BLOCK / LANES);
  const lanes = Array.from({ length: LANES }, (_, lane) => {
    const from = lane * blocks;
    const command = `exec dd of=${target2} bs=${BLOCK} seek=${from} conv=notrunc`;
    return send(command, source(from * BLOCK, Math.min(size, (from + blocks) * BLOCK)));
  });
  await settleAll(lanes);
}
async function settleAll(work) {
  const ends = await Promise.allSettled(work);
  const failed = ends.find((end3) => end3.status === "rejected");
  if (failed) throw failed.reason;
}
function read(content, from, to) {
  if (from >= to) return Readable.from([]);
  if ("file" in content)
    return createReadStream(content.file, { start: from, end: to - 1, highWaterMark: BLOCK / 4 });
  return Readable.from([Buffer.from(content.buffer, content.byteOffset + from, to - from)]);
}
async function pour(wire2, as, command, bytes, path6, signal) {
  const said = [];
  const sink = { output: () => {
  }, errors: (chunk) => said.push(chunk) };
  const { channel, begun } = await start(wire2, as, command, sink, signal);
  try {
    let unread;
    bytes.once("error", (error) => {
      unread = error;
    });
    const poured = pipeline(bytes, channel.input).catch(() => {
    });
    const end3 = await orAbort(channel.closed, signal);
    await poured;
    if (unread) throw unread;
    const lost = wire2.lost();
    if (lost) throw lost;
    await begun;
    if (end3.code === 0) return;
    const [first = ""] = Buffer.concat(said).toString().split("\n");
    const why = first.trim() || `exit code ${end3.code ?? "unknown"}`;
    throw new Error(`${wire2.host}: cannot write ${path6}: ${why}`);
  } finally {
    bytes.destroy();
    channel.destroy();
  }
}

// src/connection/connection.ts
var MOST_SHELLS = 4;
var MOST_DOCKER_CALLS = 8;
var HostConnection = class {
  user;
  #wire;
  /** In the order of use, the latest last. */
  #shells = /* @__PURE__ */ new Map();
  #dockerCalls = new Slots(MOST_DOCKER_CALLS);
  #docker;
  #exchanges = 0;
  constructor(wire2) {
    this.#wire = wire2;
    this.user = wire2.loginUser;
  }
  get exchanges() {
    return this.#exchanges;
  }
  async exchange(scripts, options2 = {}) {
    if (scripts.length === 0) return [];
    this.#exchanges += 1;
    return this.#shell(options2.as).exchange(scripts, options2);
  }
  upload(content, options2 = {}) {
    return upload(this.#wire, content, options2);
  }
  async dial(target2, { signal, timeout } = {}) {
    const lost = this.#wire.lost();
    if (lost) throw lost;
    const opening = this.#wire.dial(target2, signal);
    const discard = () => void opening.then(
      (stream) => stream.destroy(),
      () => {
      }
    );
    if (timeout === void 0) return opening;
    const settled = await orAbort(within(timeout * 1e3, opening), signal).catch((error) => {
      discard();
      throw error;
    });
    if (settled) return opening;
    discard();
    const place = "socket" in target2 ? target2.socket : `${target2.host} port ${target2.port}`;
    throw new Error(`${this.#wire.host}: no answer from ${place} within ${timeout} s`);
  }
  async docker(call, options2 = {}) {
    this.#docker ??= Promise.resolve().then(() => (init_docker(), docker_exports)).then(({ Docker: Docker2 }) => new Docker2(this.#wire, this));
    const docker = await this.#docker;
    return this.#dockerCalls.during(() => docker.call(call, options2));
  }
  async close() {
    const docker = this.#docker;
    this.#docker = void 0;
    await docker?.then(
      (open) => open.close(),
      () => {
      }
    );
    await Promise.all([...this.#shells.values()].map((shell) => shell.close()));
    this.#shells.clear();
    await within(2e3, this.#wire.close());
  }
  #shell(as) {
    const become = other(this.#wire, as);
    const key = JSON.stringify(become ? [become.user, become.password, become.flags ?? []] : []);
    const shell = this.#shells.get(key) ?? new Shell(this.#wire, become);
    this.#shells.delete(key);
    this.#makeRoom();
    this.#shells.set(key, shell);
    return shell;
  }
  #makeRoom() {
    for (const [key, shell] of this.#shells) {
      if (this.#shells.size < MOST_SHELLS) return;
      if (!shell.idle) continue;
      this.#shells.delete(key);
      void shell.close();
    }
  }
};

// src/connection/local.ts
init_sh();
init_transport();
init_channel();
import net from "node:net";
import os from "node:os";
function localLaunch(argv) {
  return async (line, signal) => {
    throwIfAborted(signal);
    return spawn(`exec ${argv.map(quote).join(" ")} -c ${quote(line)}`);
  };
}
function forgetful() {
  return Object.assign([], { push: () => 0 });
}
async function spawn(command) {
  const { $ } = await import("zx/core");
  const run = $({
    shell: "/bin/sh",
    prefix: "",
    postfix: "",
    quote: (text) => text,
    quiet: true,
    nothrow: true,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    store: { stdout: forgetful(), stderr: forgetful(), stdall: forgetful() }
  });
  const started = run`${command}`;
  const child = started.child;
  if (!child?.stdin || !child.stdout || !child.stderr)
    throw new ConnectionError("/bin/sh cannot be started on this machine");
  child.stdin.on("error", () => {
  });
  const closed = started.then(({ exitCode, signal }) => ended(exitCode, signal));
  const exited = new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(ended(code, signal)));
    void closed.then(resolve);
  });
  const { stdin: input, stdout: output, stderr: errors } = child;
  const destroy = () => {
    for (const stream of [input, output, errors]) stream.destroy();
    child.unref();
  };
  return { input, output, errors, exited, closed, destroy };
}
function ended(code, signal) {
  return { ...code === null ? {} : { code }, ...signal === null ? {} : { signal } };
}
function localDial(target2, signal) {
  const socket = net.connect(
    "socket" in target2 ? { path: target2.socket } : { host: target2.host, port: target2.port }
  );
  const opened = new Promise((resolve, reject) => {
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
    socket.once("error", reject);
  });
  return orAbort(opened, signal).catch((error) => {
    socket.on("error", () => {
    });
    socket.destroy();
    throw error;
  });
}
function localWire(name, { argv, worker }) {
  return {
    host: name,
    loginUser: os.userInfo().username,
    shell: worker[0] ?? "/bin/sh",
    worker,
    lost: () => void 0,
    launch: localLaunch(argv),
    dial: localDial,
    close: async () => {
    }
  };
}

// src/connection/connect.ts
init_slots();
function connector(options2 = {}) {
  const { askHostKey, home = os3.homedir(), handshakes = 16 } = options2;
  const questions = new Slots(1);
  const ask = askHostKey && ((question) => questions.during(() => askHostKey(question)));
  const login = { home, handshakes: new Slots(handshakes), ...ask ? { ask } : {} };
  const jumps = once2(async () => new (await Promise.resolve().then(() => (init_jumps(), jumps_exports))).Jumps());
  return async (settings, signal) => {
    throwIfAborted(signal);
    if (settings.kind === "local") return localConnection(settings);
    const { sshWire: sshWire2 } = await Promise.resolve().then(() => (init_ssh(), ssh_exports));
    return new HostConnection(await sshWire2(settings, login, await jumps(), signal));
  };
}
function localConnection(settings, command) {
  const shell = settings.shell ?? "/bin/sh";
  return new HostConnection(localWire(settings.name, command ?? { argv: [shell], worker: [shell] }));
}
function once2(make) {
  let made2;
  return () => {
    made2 ??= make();
    return made2;
  };
}

// test/support/sshd.ts
import { execFileSync, spawn as spawn2 } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync as readFileSync3, rmSync, writeFileSync } from "node:fs";
import net3 from "node:net";
import os4 from "node:os";
import path5 from "node:path";

// test/support/processes.ts
import { readdirSync as readdirSync2, readFileSync as readFileSync2 } from "node:fs";
function processes() {
  return readdirSync2("/proc").filter((name) => /^\d+$/.test(name)).flatMap(look);
}
function look(pid) {
  try {
    const stat2 = readFileSync2(`/proc/${pid}/stat`, "utf8");
    const [state = "", parent = ""] = stat2.slice(stat2.lastIndexOf(")") + 2).split(" ");
    const words = readFileSync2(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    return state === "Z" ? [] : [{ pid: Number(pid), parent: Number(parent), words }];
  } catch {
    return [];
  }
}
function family(pid) {
  const all = processes();
  const below = (root) => [
    ...all.filter(({ parent }) => parent === root).flatMap(({ pid: child }) => below(child)),
    root
  ];
  return below(pid);
}

// test/support/sshd.ts
var SSHD = "/usr/sbin/sshd";
var noSshd = process.getuid?.() !== 0 ? "needs root" : existsSync(SSHD) ? void 0 : "needs openssh-server";
async function startSshd(options2 = {}) {
  if (noSshd !== void 0) throw new Error(`sshd ${noSshd}`);
  const folder = options2.sharing?.folder ?? mkdtempSync(path5.join(os4.tmpdir(), "girofle-sshd-"));
  const home = path5.join(folder, "home");
  mkdirSync(path5.join(home, ".ssh"), { recursive: true, mode: 448 });
  chmodSync(folder, 493);
  mkdirSync("/run/sshd", { recursive: true, mode: 493 });
  const address = options2.address ?? randomAddress();
  const port = options2.port ?? await freePort(address);
  const own = mkdtempSync(path5.join(folder, "server-"));
  const hostKeys = options2.hostKeys ?? ["ed25519"];
  const keyFile = path5.join(folder, "id_ed25519");
  if (!existsSync(keyFile)) generateKey("ed25519", keyFile);
  for (const type of hostKeys) generateKey(type, path5.join(own, `host_${type}`));
  const hostKey = (type = hostKeys[0] ?? "ed25519") => readFileSync3(path5.join(own, `host_${type}.pub`), "utf8").split(" ").slice(0, 2).join(" ").trim();
  const knownHosts = path5.join(home, ".ssh/known_hosts");
  const lines = hostKeys.map((type) => `[${address}]:${port} ${hostKey(type)}
`).join("");
  writeFileSync(knownHosts, lines, { flag: "a" });
  const file = path5.join(own, "sshd_config");
  writeFileSync(
    file,
    configuration(
      options2.config ?? [],
      address,
      port,
      hostKeys.map((type) => path5.join(own, `host_${type}`)),
      `${keyFile}.pub`,
      home
    )
  );
  const child = spawn2(SSHD, ["-D", "-e", "-f", file], { stdio: ["ignore", "ignore", "pipe"] });
  const log2 = await listening(child);
  const { pid } = child;
  if (pid === void 0) throw new Error("sshd did not start");
  return {
    address,
    port,
    folder,
    home,
    knownHosts,
    keyFile,
    pid,
    settings: (more = {}) => ({
      kind: "ssh",
      name: "vm",
      address,
      port,
      user: "root",
      privateKeyFile: keyFile,
      ...more,
      sshOptions: { configfile: ["none"], identityagent: ["none"], ...more.sshOptions }
    }),
    log: log2,
    hostKey,
    dropSessions: () => end2(sessions(pid), "SIGKILL"),
    stop: async () => {
      const exited = child.exitCode === null && new Promise((resolve) => child.once("exit", resolve));
      end2(family(pid), "SIGKILL");
      await exited;
      if (!options2.sharing) rmSync(folder, { recursive: true, force: true });
    }
  };
}
function configuration(extra, address, port, hostKeys, authorized, home) {
  const ours = [
    `ListenAddress ${address}:${port}`,
    ...hostKeys.map((file) => `HostKey ${file}`),
    `AuthorizedKeysFile ${authorized}`,
    "PidFile none",
    "AllowUsers *@127.0.0.0/8",
    "PermitRootLogin prohibit-password",
    "PubkeyAuthentication yes",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "UsePAM no",
    "UseDNS no",
    "StrictModes no",
    "PrintMotd no",
    "PrintLastLog no",
    "LogLevel INFO",
    // Else bash would read the .bashrc of whoever runs the tests.
    `SetEnv HOME=${home}`,
    "LoginGraceTime 60",
    "MaxStartups 200"
  ];
  const said = new Set(extra.map((line) => line.split(" ")[0]));
  return [...extra, ...ours.filter((line) => !said.has(line.split(" ")[0])), ""].join("\n");
}
function generateKey(type, file) {
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "girofle-test", "-f", file]);
}
function listening(child) {
  let said = "";
  return new Promise((resolve, reject) => {
    child.stderr?.on("data", (chunk) => {
      said += chunk;
      if (said.includes("Server listening on")) resolve(() => said);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`sshd ended with ${code}: ${said}`)));
  });
}
function sessions(pid) {
  const ours = new Set(family(pid).filter((one) => one !== pid));
  return processes().filter((one) => ours.has(one.pid) && one.words[0]?.startsWith("sshd:")).map((one) => one.pid);
}
function end2(pids, signal) {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
    }
  }
}
function randomAddress() {
  const octet = (from, to) => from + Math.floor(Math.random() * (to - from));
  return `127.0.${octet(100, 250)}.${octet(1, 254)}`;
}
function freePort(address) {
  return new Promise((resolve, reject) => {
    const server = net3.createServer();
    server.once("error", reject);
    server.listen(0, address, () => {
      const bound = server.address();
      server.close(
        () => typeof bound === "object" && bound ? resolve(bound.port) : reject(new Error("no port"))
      );
    });
  });
}

// ../../tmp/leak2.ts
init_sh();
var rig = process.argv[2] === "ssh" ? await startSshd() : void 0;
var c = rig ? await connector({ home: rig.home })(rig.settings({ name: "here" }), new AbortController().signal) : localConnection({ name: "here" });
var sig = new AbortController().signal;
var many = async (n, f) => {
  let last;
  for (let i = 0; i < 14; i++) last = await f();
  await Promise.all(Array.from({ length: 30 }, f));
  console.log(n, JSON.stringify(last).slice(0, 200));
};
var tag = "girofle-leak-test";
await many("import", () => c.docker({ method: "POST", path: "/images/create", query: { fromSrc: "-", repo: tag, tag: "x" }, archive: { hostScript: sh`mkdir -p /tmp/leakd/bin; cp /bin/busybox /tmp/leakd/bin/ 2>/dev/null; tar -C /tmp/leakd -cf - bin` }, answer: "progress" }, { signal: sig, onLine() {
} }));
var made = await c.docker({ method: "POST", path: "/containers/create", body: { Image: tag + ":x", Cmd: ["/bin/busybox", "sh", "-c", "echo hello; exec /bin/busybox sleep 1000"], NetworkMode: "none", HostConfig: { NetworkMode: "none" } } });
var id = made.body.Id;
await c.docker({ method: "POST", path: `/containers/${id}/start` });
await many("304", () => c.docker({ method: "POST", path: `/containers/${id}/start` }));
await many("log", () => c.docker({ method: "GET", path: `/containers/${id}/logs`, query: { stdout: true, stderr: true }, answer: "log" }, { signal: sig }));
await many("inspect", () => c.docker({ method: "GET", path: `/containers/${id}/json` }, { signal: sig }));
await many("head", () => c.docker({ method: "HEAD", path: `/_ping` }, { signal: sig }));
await many("bad create", () => c.docker({ method: "POST", path: `/containers/create`, body: { Image: "nono:no" } }, { signal: sig }));
await many("put", () => c.docker({ method: "PUT", path: `/containers/${id}/archive`, query: { path: "/nonexist" }, archive: { folder: "/tmp/leakd" }, answer: "none" }, { signal: sig }));
await many("put ok", () => c.docker({ method: "PUT", path: `/containers/${id}/archive`, query: { path: "/" }, archive: { folder: "/tmp/leakd" }, answer: "none" }, { signal: sig }));
await many("limit", () => c.docker({ method: "POST", path: `/containers/${id}/wait`, limit: 0.02 }, { signal: sig }));
await c.docker({ method: "DELETE", path: `/containers/${id}`, query: { force: true } });
await many("rmi", () => c.docker({ method: "DELETE", path: `/images/${tag}:x`, query: { force: true } }));
await c.docker({ method: "POST", path: "/images/prune", query: { filters: JSON.stringify({ dangling: ["true"], label: ["girofle.none"] }) } });
await c.close();
await rig?.stop();
