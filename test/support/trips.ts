/** A TCP proxy that counts round trips: how often the client had to wait for what the server answered. */
import net from 'node:net';

export interface Trips {
  readonly port: number;
  /** The longest chain of "the client waits for the server" of each connection so far: 1 for TCP's own handshake and up. */
  counts(): readonly number[];
  stop(): Promise<void>;
}

/** Milliseconds each way: enough that what is sent together arrives together. */
const DELAY = 10;

/** Listens on `address`, on a port of its own, and forwards to another port of that address. */
export async function countTrips(address: string, to: number): Promise<Trips> {
  const counts: number[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer(client => {
    const upstream = net.connect({ host: address, port: to });
    const at = counts.push(1) - 1;
    let [seenByClient, seenByServer] = [0, 0];
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    relay(client, upstream, () => {
      const depth = seenByClient + 1;
      return () => {
        seenByServer = Math.max(seenByServer, depth);
      };
    });
    relay(upstream, client, () => {
      const depth = seenByServer;
      return () => {
        seenByClient = Math.max(seenByClient, depth);
        counts[at] = Math.max(counts[at] ?? 1, 1 + depth);
      };
    });
  });
  await new Promise<void>(resolve => server.listen(0, address, resolve));
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('the proxy has no port');
  return {
    port: bound.port,
    counts: () => counts,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** @param sent called for each chunk; what it gives is called when the chunk is delivered */
function relay(from: net.Socket, to: net.Socket, sent: () => () => void): void {
  from.on('data', chunk => {
    const delivered = sent();
    setTimeout(() => {
      delivered();
      to.write(chunk);
    }, DELAY);
  });
  from.on('end', () => setTimeout(() => to.end(), DELAY));
}
