import { html, type Html } from '../html.ts';

/** A small line of numbers over time, with the sentence that says the same. */
export function sparkline(
  values: readonly number[],
  sentence: string,
  { width = 96, height = 24 } = {},
): Html {
  const most = Math.max(1, ...values);
  const step = values.length > 1 ? width / (values.length - 1) : width;
  const points = values.map(
    (value, position) =>
      `${(position * step).toFixed(1)},${(height - 2 - (value / most) * (height - 4)).toFixed(1)}`,
  );
  return html`<svg
    class="spark"
    role="img"
    aria-label="${sentence}"
    viewBox="0 0 ${width} ${height}"
    width="${width}"
    height="${height}"
    preserveAspectRatio="none"
  >
    <polygon points="0,${height} ${points.join(' ')} ${width},${height}" />
    <polyline points="${points.join(' ')}" />
  </svg>`;
}
