import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOCKET = '.s.PGSQL.5432';

/** Passes connections on to PostgreSQL, and breaks them off as networks and servers do. */
export class PostgresRelay {
  readonly #directory = mkdtempSync(join(tmpdir(), 'relay-'));
  readonly #target: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  /** The same database, through here. */
  readonly setting: string;

  /** `setting` is the URL of a database whose server listens on a socket file. */
  constructor(setting: string) {
    const url = new URL(setting);
    this.#target = join(url.searchParams.get('host') ?? '', SOCKET);
    url.searchParams.set('host', this.#directory);
    this.setting = url.href;
  }

  async start(): Promise<void> {
    const server = createServer((socket) => {
      const target = connect(this.#target);
      for (const each of [socket, target]) {
        this.#sockets.add(each);
        each.on('error', () => undefined).on('close', () => this.#sockets.delete(each));
      }
      socket.pipe(target).pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(join(this.#directory, SOCKET), resolve));
    this.#server = server;
  }

  /** Passes nothing more on of what is connected now, and tells nobody, as a firewall that has forgotten a connection. */
  silence(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  /** All at once, as a server does that is stopped. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true });
  }
}
