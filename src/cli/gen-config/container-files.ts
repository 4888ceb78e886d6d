import { plainWord } from './service.ts';

/** Where a container has its server directory. */
const SERVERDIR = '/var/lib/wheelhouse';

/** An image of the wheel that `npm run build:wheel` makes: the wheel brings its Node, so nothing is fetched for it. */
export function containerfile(): string {
  return `# There is no published image. This one is made of the wheel, which lies beside this file: npm run build:wheel
FROM python:3.13-slim
COPY wheelhouse_server-*.whl /tmp/
RUN pip install --no-cache-dir --no-index /tmp/wheelhouse_server-*.whl && rm /tmp/wheelhouse_server-*.whl
RUN useradd --system --home-dir ${SERVERDIR} --shell /usr/sbin/nologin wheelhouse \\
    && install -d -m 700 -o wheelhouse -g wheelhouse ${SERVERDIR}
ENV WHEELHOUSE_SERVERDIR=${SERVERDIR} WHEELHOUSE_HOST=0.0.0.0 XDG_CACHE_HOME=/tmp
USER wheelhouse
VOLUME ${SERVERDIR}
EXPOSE 3141
STOPSIGNAL SIGTERM
ENTRYPOINT ["wheelhouse"]
CMD ["serve"]
`;
}

export interface ComposeOptions {
  /** On this machine, where a proxy finds it. */
  readonly port: number;
  readonly outsideUrl: URL | undefined;
}

/** A container that can write its volume and nothing else, reached from this machine alone. */
export function composeFile({ port, outsideUrl }: ComposeOptions): string {
  const outside =
    outsideUrl === undefined
      ? ''
      : `    environment:\n      WHEELHOUSE_OUTSIDE_URL: ${JSON.stringify(plainWord(outsideUrl.href))}\n`;
  return `# Before the first start: docker compose build, and docker compose run --rm wheelhouse init
# A proxy on the host comes to the container from the gateway of its network: name that in WHEELHOUSE_HTTP_TRUSTED_PROXIES,
# so that the addresses of clients are believed.
services:
  wheelhouse:
    build:
      context: .
      dockerfile: Containerfile
    image: wheelhouse-server
${outside}    ports:
      - "127.0.0.1:${port}:3141"
    volumes:
      - data:${SERVERDIR}
    restart: unless-stopped
    stop_grace_period: 20s
    init: true
    read_only: true
    tmpfs:
      - /tmp
    cap_drop:
      - ALL
    security_opt:
      - no-new-privileges:true
    healthcheck:
      test:
        - CMD
        - python3
        - -c
        - import urllib.request; urllib.request.urlopen("http://127.0.0.1:3141/+readyz", timeout=5)
      interval: 30s
      timeout: 10s
      start_period: 60s
volumes:
  data:
`;
}
