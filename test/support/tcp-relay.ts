import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpRelay extends AsyncDisposable {
  /** The server, through here. */
  readonly url: string;
  /** The next so many connections are broken once they have passed so many bytes on. */
  breakNext(connections: number, afterBytes: number): void;
  /** Passes nothing more on, and tells nobody. */
  silence(): void;
}

/** Passes connections on to a server, and fails as networks do. */
export async function startRelay(url: string): Promise<TcpRelay> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let toBreak = 0;
  let limit = Infinity;
  let isSilent = false;
  const relay = createServer((socket) => {
    const target = connect(Number(port), hostname);
    let passed = 0;
    for (const each of [socket, target]) {
      sockets.add(each);
      each
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(each);
          socket.destroy();
          target.destroy();
        });
    }
    socket.on('data', (bytes: Buffer) => {
      if (isSilent) {
        socket.pause();
        return;
      }
      passed += bytes.byteLength;
      if (toBreak > 0 && passed > limit) {
        toBreak -= 1;
        socket.resetAndDestroy();
        return;
      }
      if (!target.write(bytes)) socket.pause();
    });
    target.on('drain', () => !isSilent && socket.resume());
    target.pipe(socket);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    breakNext(connections, afterBytes) {
      toBreak = connections;
      limit = afterBytes;
    },
    silence: () => void (isSilent = true),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => relay.close(resolve));
    },
  };
}
