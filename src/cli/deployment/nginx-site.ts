import { join } from 'node:path';
import { plainWord } from '../gen-config/service.ts';

/** A site of nginx in front of a server, and what it must know of it. */
export interface NginxSite {
  /** How clients reach it; undefined for whatever name they use, by http. */
  readonly outsideUrl: URL | undefined;
  /** Where the server listens. */
  readonly host: string;
  readonly port: number;
  readonly serverdir: string;
  /** Where nginx finds `server.key` and `ssl-unified.crt`, if clients come by https. */
  readonly certificates: string;
  /** Set where nginx sends stored files: the setting `http.internal-location`, and the directory of the store. */
  readonly stored?: { readonly location: string; readonly directory: string };
  /** Whether nginx keeps pages for as long as the server lets everybody keep them. */
  readonly isCaching?: boolean;
}

/** With TLS where clients come by https. */
export function nginxSite(site: NginxSite): string {
  const { outsideUrl, certificates, serverdir } = site;
  const isSecure = outsideUrl?.protocol === 'https:';
  const outsidePort = outsideUrl?.port || (isSecure ? '443' : '80');
  const names = outsideUrl === undefined ? 'localhost $hostname ""' : plainWord(outsideUrl.hostname);
  const secure = isSecure
    ? `    ssl_certificate      ${join(certificates, 'ssl-unified.crt')};
    ssl_certificate_key  ${join(certificates, 'server.key')};
    ssl_protocols        TLSv1.2 TLSv1.3;
    ssl_session_cache    shared:devpi:1m;
`
    : '';
  const redirect =
    isSecure && outsideUrl.port === ''
      ? `server {
    server_name ${names};
    listen 80;
    return 301 https://$host$request_uri;
}
`
      : '';
  return `${scheme(site)}${upstream(site)}${cacheZone(site)}${redirect}server {
    server_name ${names};
    listen ${outsidePort}${isSecure ? ' ssl' : ''};
${secure}    gzip             on;
    gzip_min_length  2000;
    gzip_proxied     any;
    # nginx adds text/html by itself.
    gzip_types       application/json application/vnd.pypi.simple.v1+json;

    # The server says how large an upload may be, and reads it while it comes.
    client_max_body_size     0;
    proxy_request_buffering  off;
    proxy_buffering          off;
    proxy_http_version       1.1;
    proxy_read_timeout       300s;

    root ${serverdir};  # every address is the server's
${locations(site)}}
`;
}

/** Where nobody has said how clients come, another proxy before nginx may. */
function scheme({ outsideUrl }: NginxSite): string {
  if (outsideUrl !== undefined) return '';
  return `map $http_x_forwarded_proto $x_scheme {
    http     http;
    https    https;
    default  $scheme;
}
`;
}

/** By this name the server is found also where nginx puts an address together; its connections are used again. */
function upstream({ stored, host, port }: NginxSite): string {
  if (stored === undefined) return '';
  return `upstream wheelhouse_${port} {
    server ${proxied(host)}:${port};
    keepalive 16;
}
`;
}

function locations(site: NginxSite): string {
  const { outsideUrl, host, port, stored, isCaching = false } = site;
  const path = pathOf(outsideUrl);
  const server = stored === undefined ? `${proxied(host)}:${port}` : `wheelhouse_${port}`;
  const isSent = stored !== undefined;
  return [
    block(`${path}/`, [`proxy_pass http://${server};`, ...headers(site, isSent)]),
    ...(isCaching
      ? [
          '    # Pages that the server lets everybody keep for a while, nginx keeps.\n',
          block('~ /\\+simple/', [
            `proxy_pass http://${server};`,
            ...headers(site, false),
            'proxy_buffering on;',
            'proxy_cache devpi;',
            'proxy_cache_lock on;',
            'add_header X-Cached $upstream_cache_status;',
          ]),
        ]
      : []),
    ...(isSent
      ? [
          '    # The server decides who may read a file; its bytes go from the disk to the network without it.\n',
          block(stored.location, internal(stored.directory)),
          '    # What nginx may not read, the server sends.\n',
          block('@wheelhouse', [`proxy_pass http://${server}$request_uri;`, ...headers(site, false)]),
        ]
      : []),
  ].join('');
}

/** `isSent` tells the server that nginx sends stored files. Nobody else may say so, or choose the address of a client. */
function headers({ outsideUrl, stored }: NginxSite, isSent: boolean): readonly string[] {
  const port = outsideUrl?.port ? `:${outsideUrl.port}` : '';
  return [
    // As the files of devpi-gen-config and of devpi 1.x have it: scripts replace the line.
    outsideUrl === undefined
      ? 'proxy_set_header X-outside-url $x_scheme://$http_host;'
      : `proxy_set_header  X-outside-url $scheme://$host${port}${pathOf(outsideUrl)};`,
    ...(stored === undefined ? [] : ['proxy_set_header  Connection "";']),
    'proxy_set_header  X-Real-IP $remote_addr;',
    'proxy_set_header  X-Forwarded-For $remote_addr;',
    `proxy_set_header  X-Accel-Location ${isSent ? stored?.location : '""'};`,
  ];
}

/** What nginx would say of a file by itself gives way to what the server has said. */
function internal(directory: string): readonly string[] {
  return [
    'internal;',
    `alias ${join(directory, 'sha256')}/;`,
    'sendfile on;',
    'tcp_nopush on;',
    'gzip off;',
    'etag off;',
    'if_modified_since off;',
    'max_ranges 1;',
    'add_header Cache-Control $upstream_http_x_accel_cache_control;',
    ...PASSED_ON.map(
      (name) => `add_header ${name} $upstream_http_${name.toLowerCase().replaceAll('-', '_')};`,
    ),
    'error_page 403 404 = @wheelhouse;',
  ];
}

/** Headers of a file that nginx does not pass on by itself; one that the server has not sent is left out. */
const PASSED_ON = [
  'ETag',
  'Last-Modified',
  'Vary',
  'X-Content-Type-Options',
  'X-DEVPI-API-VERSION',
  'X-DEVPI-SERVER-VERSION',
  'X-DEVPI-UUID',
  'X-DEVPI-MASTER-UUID',
  'X-DEVPI-PRIMARY-UUID',
  'X-DEVPI-SERIAL',
  'X-Request-Id',
];

function cacheZone({ isCaching = false }: NginxSite): string {
  return isCaching
    ? 'proxy_cache_path /var/cache/nginx-devpi levels=1:2 keys_zone=devpi:10m max_size=1g inactive=1d use_temp_path=off;\n'
    : '';
}

function block(location: string, lines: readonly string[]): string {
  return `    location ${location} {\n${lines.map((line) => `        ${line}\n`).join('')}    }\n`;
}

/** Below which the server is published, without a slash at the end. */
function pathOf(outsideUrl: URL | undefined): string {
  const path = (outsideUrl?.pathname ?? '').replace(/\/+$/, '');
  return path === '' ? '' : plainWord(path);
}

/** What listens everywhere is reached here. */
function proxied(host: string): string {
  if (/^(?:0\.0\.0\.0|::)$/.test(host)) return 'localhost';
  return plainWord(host.includes(':') ? `[${host}]` : host);
}
