/** Gives the headings of a description the ids that authors link to, which are GitHub's. */
export class HeadingIds {
  readonly #uses = new Map<string, number>();

  idOf(heading: string): string {
    const slug = heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    const uses = this.#uses.get(slug) ?? 0;
    this.#uses.set(slug, uses + 1);
    return uses === 0 ? slug : `${slug}-${uses}`;
  }
}
