/** What links in descriptions say of themselves: we do not vouch for them, and they learn nothing of this page. */
export const LINK_RELATION = 'nofollow noopener ugc';
