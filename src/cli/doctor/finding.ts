/** What one look found. */
export interface Finding {
  readonly check:
    | 'name'
    | 'certificate'
    | 'redirect'
    | 'address'
    | 'headers'
    | 'methods'
    | 'paths'
    | 'compression'
    | 'upload';
  readonly status: 'ok' | 'note' | 'problem';
  readonly detail: string;
  readonly hint?: string;
}
