import { parseFilename } from '#python/names/filename.ts';
import { isCompatible, isForManyPythons } from '#python/tags/compatibility.ts';
import { admitsPython } from '#python/tags/requires-python.ts';
import { compareTargets, formatTarget, type Target } from '#python/tags/target.ts';
import type { SourceFile } from './need.ts';

/** What a wheel is good for. */
export interface WheelCoverage {
  /** The targets whose installers take it, as `formatTarget` writes them. */
  readonly targets: ReadonlySet<string>;
  /** True if it is pure or keeps to the stable ABI. */
  readonly isForManyPythons: boolean;
}

/** Which files serve which targets. Answers are kept, since thousands of files share a few tags and a few Requires-Python. */
export class Coverage {
  readonly #targets: readonly Target[];
  readonly #admitted = new Map<string, readonly string[]>();
  readonly #wheels = new Map<string, Map<string, WheelCoverage>>();

  constructor(targets: readonly Target[]) {
    this.#targets = targets.toSorted(compareTargets);
  }

  /** The targets that the Requires-Python of a file admits, as `formatTarget` writes them, in the order of their numbers. */
  admittedBy({ requiresPython = '' }: SourceFile): readonly string[] {
    let admitted = this.#admitted.get(requiresPython);
    if (admitted === undefined) {
      admitted = this.#targets.filter((target) => admitsPython(requiresPython, target)).map(formatTarget);
      this.#admitted.set(requiresPython, admitted);
    }
    return admitted;
  }

  /** Undefined for what is no wheel, and for variants (PEP 825), which not every installer takes. */
  ofWheel(file: SourceFile): WheelCoverage | undefined {
    const { filename, requiresPython = '' } = file;
    if (!filename.endsWith('.whl')) return undefined;
    const tail = tailOf(filename);
    const known = this.#wheels.get(tail)?.get(requiresPython);
    if (known !== undefined) return known;
    const coverage = this.#readWheel(file);
    if (coverage === undefined) return undefined;
    const ofSameTags = this.#wheels.get(tail) ?? new Map<string, WheelCoverage>();
    this.#wheels.set(tail, ofSameTags.set(requiresPython, coverage));
    return coverage;
  }

  #readWheel(file: SourceFile): WheelCoverage | undefined {
    const { tags, variant } = parseFilename(file.filename) ?? {};
    if (tags === undefined || variant !== undefined) return undefined;
    const fitting = this.#targets.filter((target) => isCompatible(tags, target)).map(formatTarget);
    return {
      targets: new Set(fitting).intersection(new Set(this.admittedBy(file))),
      isForManyPythons: isForManyPythons(tags),
    };
  }
}

/** A file name without project and version. */
function tailOf(filename: string): string {
  return filename.slice(filename.indexOf('-', filename.indexOf('-') + 1));
}
