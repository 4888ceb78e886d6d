import { join } from 'node:path';
import type { Deployment } from './deployment.ts';

/** The site of nginx in front of a deployment; with TLS where clients come by https. */
export function nginxSite(deployment: Deployment): string {
  const { outsideUrl, host, port, certificates } = deployment;
  const isSecure = outsideUrl.protocol === 'https:';
  const outsidePort = outsideUrl.port || (isSecure ? '443' : '80');
  const path = outsideUrl.pathname.replace(/\/+$/, '');
  const address = `$scheme://$host${outsideUrl.port === '' ? '' : `:${outsideUrl.port}`}${path}`;
  const secure = isSecure
    ? `
    ssl_certificate      ${join(certificates, 'ssl-unified.crt')};
    ssl_certificate_key  ${join(certificates, 'server.key')};
    ssl_protocols        TLSv1.2 TLSv1.3;
    ssl_session_cache    shared:devpi:1m;
`
    : '';
  const redirect =
    isSecure && outsideUrl.port === ''
      ? `server {
    server_name ${outsideUrl.hostname};
    listen 80;
    return 301 https://$host$request_uri;
}
`
      : '';
  return `${redirect}server {
    server_name ${outsideUrl.hostname};
    listen ${outsidePort}${isSecure ? ' ssl' : ''};
${secure}
    gzip             on;
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

    root ${deployment.serverdir};  # every address is the server's: no file is sent from here
    location ${path}/ {
        proxy_pass http://${proxied(host)}:${port};
        proxy_set_header  X-outside-url ${address};
        proxy_set_header  X-Real-IP $remote_addr;
    }
}
`;
}

/** What listens everywhere is reached here. */
function proxied(host: string): string {
  if (/^(?:0\.0\.0\.0|::)$/.test(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
