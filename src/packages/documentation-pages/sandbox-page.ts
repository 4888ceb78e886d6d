/** Part of the entity tag of adapted pages: to be changed with what is put into them. */
export const ADAPTED_FORM = 'page-1';

/**
 * A page without an origin has no storage, and asking for it throws: themes remember colours there, and Sphinx the words that
 * were searched for. It gets a storage that is forgotten with the page.
 */
const STORAGE = `<script>(function(){function storage(){var kept=new Map();var own={getItem:function(k){k=String(k);return kept.has(k)?kept.get(k):null},setItem:function(k,v){kept.set(String(k),String(v))},removeItem:function(k){kept.delete(String(k))},clear:function(){kept.clear()},key:function(n){return Array.from(kept.keys())[n]??null},get length(){return kept.size}};return own}["localStorage","sessionStorage"].forEach(function(name){try{void window[name]}catch(e){Object.defineProperty(window,name,{value:storage(),configurable:true})}})})()</script>`;

const LOOKED_AT = 64 * 1024;

/** A page that works without an origin: the script comes before any of its own. */
export function adaptPage(page: Buffer): Buffer {
  const start = page.subarray(0, LOOKED_AT).toString('latin1');
  const head = /<head(?:\s[^>]*)?>/i.exec(start) ?? /^\s*<!doctype[^>]*>/i.exec(start);
  const at = head === null ? 0 : head.index + head[0].length;
  return Buffer.concat([page.subarray(0, at), Buffer.from(STORAGE), page.subarray(at)]);
}
