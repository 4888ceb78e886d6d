const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3})$/;

/** True for the IP addresses by which only this machine reaches itself, however a socket spells them. */
export function isLoopback(address: string | undefined): boolean {
  return LOOPBACK.test(address ?? '');
}
