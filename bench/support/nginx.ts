import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { debianPath } from '#test/clients.ts';
import { runChecked } from '#test/run-command.ts';
import { findFreePort, startServer, type Server } from './server.ts';

/** Files by path below the document root. */
export type Documents = ReadonlyMap<string, Buffer>;

/**
 * The limit: one worker that sends files from the page cache. The path says what a file is, because nginx
 * negotiates nothing but `.gz`: /json/, /html/ and /zstd/{json,html}/ for pages, /files/ for downloads.
 */
export async function startNginx(directory: string, documents: Documents): Promise<Server> {
  const root = join(directory, 'root');
  for (const [path, bytes] of documents) {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes);
  }
  return await run(directory, (port) => renderConfig(directory, renderStatic(root, port)));
}

/**
 * The limit of a mirror: one worker with `proxy_cache` in front of an upstream whose links are relative, so that it
 * need not read what it passes on. One request to upstream for all who wait, as its documentation advises.
 */
export async function startCachingNginx(directory: string, upstreamHost: string): Promise<Server> {
  return await run(directory, (port) => renderConfig(directory, renderCache(directory, upstreamHost, port)));
}

async function run(directory: string, render: (port: number) => string): Promise<Server> {
  const program = debianPath('nginx');
  const { stderr } = await runChecked([program, '-v']);
  const port = await findFreePort();
  const configPath = join(directory, 'nginx.conf');
  await writeFile(configPath, render(port));
  return await startServer({
    name: 'nginx',
    version: stderr.replace(/^.*nginx\//s, '').trim(),
    port,
    directory,
    argv: [program, '-e', join(directory, 'error.log'), '-c', configPath],
    readyPath: '/ready',
  });
}

function renderConfig(directory: string, servers: string): string {
  const temporaryPaths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${directory}/${name};`,
  );
  // Started by root, nginx would serve as nobody, who may not look into a private temporary directory.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  return `${user}daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
events { worker_connections 1024; }
http {
${temporaryPaths.join('\n')}
  access_log off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_timeout 75s;
  keepalive_requests 100000000;
  etag on;
${servers}}
`;
}

function renderStatic(root: string, port: number): string {
  return `  server {
    listen 127.0.0.1:${port};
    root ${root};
    location = /ready { return 204; }
    location /json/ { default_type application/vnd.pypi.simple.v1+json; gzip_static on; gzip_vary on; }
    location /html/ { default_type "text/html; charset=utf-8"; gzip_static on; gzip_vary on; }
    location /zstd/json/ {
      default_type application/vnd.pypi.simple.v1+json;
      add_header Content-Encoding zstd;
      add_header Vary Accept-Encoding;
    }
    location /zstd/html/ {
      default_type "text/html; charset=utf-8";
      add_header Content-Encoding zstd;
      add_header Vary Accept-Encoding;
    }
    location /files/ { default_type application/octet-stream; }
  }
`;
}

function renderCache(directory: string, upstreamHost: string, port: number): string {
  return `  proxy_cache_path ${directory}/cache levels=1:2 keys_zone=index:64m max_size=20g inactive=60d use_temp_path=off;
  upstream index { server ${upstreamHost}; keepalive 32; }
  server {
    listen 127.0.0.1:${port};
    location = /ready { return 204; }
    location / {
      proxy_pass http://index;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache index;
      proxy_cache_lock on;
      proxy_cache_lock_timeout 60s;
      proxy_cache_lock_age 60s;
      proxy_cache_revalidate on;
      proxy_cache_use_stale error timeout updating;
      proxy_max_temp_file_size 0;
    }
  }
`;
}
