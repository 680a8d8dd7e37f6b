/** What package.json names is accounted for: each dependency explained, each front door a room of the plan, each rule about a real package. */
import { mayEnter, packages } from './house.ts';

/** The parts of package.json that are looked at. */
export interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
}

/** Dependencies that docs/DEPENDENCIES.md does not explain, versions that are not exact, doors that lead nowhere, rules about nothing. */
export function packageProblems(manifest: Manifest, explained: string): string[] {
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  const words = new Set(explained.split(/[\s|,*]+/));
  const unexplained = Object.keys(all).filter((name) => !words.has(name));
  const loose = Object.entries(all).filter(([, version]) => !/^(npm:[^@]+@)?\d+\.\d+\.\d+$/.test(version));
  const doors = Object.keys(manifest.imports).filter((door) => !(door.slice(1) in mayEnter));
  const unknown = packages.filter(({ name }) => !name.endsWith(':') && !(name in all));
  return [
    ...unexplained.map((name) => `${name} is not explained in docs/DEPENDENCIES.md`),
    ...loose.map(([name, version]) => `the version of ${name} is not exact: ${version}`),
    ...doors.map((door) => `${door} is the door of no room`),
    ...unknown.map(({ name }) => `tests/gates/house.ts has a rule about ${name}, which is not installed`),
  ];
}
