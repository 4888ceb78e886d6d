import type { FastifyRequest } from 'fastify';
import { assets } from '../assets.ts';
import type { WebContext } from './context.ts';
import type { Frame } from '../frame.ts';
import { outsidePath } from './outside-path.ts';

/** What the layout shows around the answer to a request. */
export function frameOf({ web }: WebContext, request: FastifyRequest): Frame {
  return {
    reader: request.identity.user,
    navigation: web.navigation.filter((entry) => entry.isFor?.(request.identity) ?? true),
    theme: themeOf(request.headers.cookie),
    outsidePath: outsidePath(request.outsideUrl),
    here: request.url,
    asset: (name) => assets.address(name),
  };
}

/** The cookie that keeps the theme a reader chose; scripts never need it. */
export const THEME_COOKIE = 'wheelhouse-theme';

export function themeOf(cookies: string | undefined): Frame['theme'] {
  const chosen = new RegExp(`(?:^|;\\s*)${THEME_COOKIE}=(light|dark)(?:;|$)`).exec(cookies ?? '')?.[1];
  return chosen === 'light' || chosen === 'dark' ? chosen : undefined;
}
