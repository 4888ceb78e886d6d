/**
 * The header of a 401 (RFC 9110, 15.5.2): pip, uv and browsers ask for a password, or take one from their keyring, when they see
 * it. Every server of this protocol says this realm.
 */
export const challenge = { 'www-authenticate': 'Basic realm="pypi"' } as const;
