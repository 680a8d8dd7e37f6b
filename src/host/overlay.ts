/**
 * The root file system of a container: an image's files below, a writable layer above (copy on write), and mounts over it, as
 * overlayfs and bind mounts do. The writable layer lives in memory and goes with the container.
 */
import type { Stop } from './clock.ts';
import { createFileTree, pathParts } from './file-tree.ts';
import { FileError, type FileListener, type Files, type FileStat, type Mount } from './files.ts';

interface Place {
  readonly files: Files;
  readonly path: string;
  readonly readOnly: boolean;
  readonly mount: Mount | undefined;
}

const join = (base: string, rest: readonly string[]): string =>
  rest.length === 0 ? base : `${base === '/' ? '' : base}/${rest.join('/')}`;

/** Lays `mounts` over `base`, which is only read. */
export function createOverlay(base: Files, mounts: readonly Mount[], nowMs: () => number): Files {
  const upper = createFileTree({ nowMs });
  const whiteouts = new Set<string>();
  // The deepest mount wins, so longer paths come first.
  const ordered = [...mounts].sort((a, b) => pathParts(b.path).length - pathParts(a.path).length);
  const placeOf = (path: string): Place => {
    const parts = pathParts(path);
    for (const mount of ordered) {
      const at = pathParts(mount.path);
      if (at.length <= parts.length && at.every((part, index) => part === parts[index])) {
        return { files: mount.files, path: join(mount.source, parts.slice(at.length)), readOnly: mount.readOnly ?? false, mount };
      }
    }
    return { files: upper, path: `/${parts.join('/')}`, readOnly: false, mount: undefined };
  };
  const isHidden = (path: string): boolean => {
    const parts = pathParts(path);
    for (let depth = 1; depth <= parts.length; depth++) if (whiteouts.has(`/${parts.slice(0, depth).join('/')}`)) return true;
    return false;
  };
  const inBase = (path: string): FileStat | undefined => (isHidden(path) ? undefined : base.stat(path));
  /** Names of mount points directly below `path`. */
  const mountNames = (path: string): string[] => {
    const parts = pathParts(path);
    return ordered.flatMap((mount) => {
      const at = pathParts(mount.path);
      return at.length > parts.length && parts.every((part, index) => part === at[index]) ? [at[parts.length]!] : [];
    });
  };
  const layerOf = (path: string): Files | undefined => (upper.stat(path, { follow: false }) ? upper : inBase(path) ? base : undefined);
  const reading = (path: string): Place => {
    const place = placeOf(path);
    if (place.mount) return place;
    const layer = layerOf(place.path);
    if (!layer && mountNames(path).length === 0) throw new FileError('ENOENT', path);
    return { ...place, files: layer ?? upper };
  };
  /** Makes the parents of `path` in the upper layer where the base has them. */
  const prepare = (path: string): Place => {
    const place = placeOf(path);
    if (place.readOnly) throw new FileError('EROFS', path);
    if (place.mount) return place;
    const parent = pathParts(path).slice(0, -1);
    const parentPath = `/${parent.join('/')}`;
    if (parent.length > 0 && !upper.stat(parentPath)) {
      if (inBase(parentPath)?.kind !== 'directory' && mountNames(parentPath).length === 0) throw new FileError('ENOENT', path);
      upper.makeDirectory(parentPath, { recursive: true });
    }
    whiteouts.delete(place.path);
    return place;
  };
  const copyUp = (path: string): Place => {
    const place = placeOf(path);
    const stat = !place.mount && !upper.stat(place.path) ? inBase(place.path) : undefined;
    const ready = prepare(path);
    if (stat?.kind === 'file') upper.write(ready.path, base.readBytes(place.path), { mode: stat.mode });
    return ready;
  };
  return {
    stat(path, options) {
      const place = placeOf(path);
      if (place.mount) return place.files.stat(place.path, options);
      const found = upper.stat(place.path, options) ?? (isHidden(place.path) ? undefined : base.stat(place.path, options));
      if (found || mountNames(path).length === 0) return found;
      return { kind: 'directory', sizeBytes: 4096, mode: 0o755, modifiedMs: 0 };
    },
    readText(path) {
      const place = reading(path);
      return place.files.readText(place.path);
    },
    readBytes(path) {
      const place = reading(path);
      return place.files.readBytes(place.path);
    },
    write(path, content, options) {
      const place = prepare(path);
      place.files.write(place.path, content, options);
    },
    append(path, content) {
      const place = copyUp(path);
      place.files.append(place.path, content);
    },
    list(path) {
      const place = placeOf(path);
      if (place.mount) return [...new Set([...place.files.list(place.path), ...mountNames(path)])].sort();
      const names = new Set(mountNames(path));
      const above = upper.stat(place.path);
      const below = inBase(place.path);
      if (!above && !below && names.size === 0) throw new FileError('ENOENT', path);
      if ((above ?? below)?.kind === 'file') throw new FileError('ENOTDIR', path);
      if (above) for (const name of upper.list(place.path)) names.add(name);
      if (below) for (const name of base.list(place.path)) if (!whiteouts.has(join(place.path, [name]))) names.add(name);
      return [...names].sort();
    },
    makeDirectory(path, options = {}) {
      if (options.recursive) {
        const parts = pathParts(path);
        for (let depth = 1; depth <= parts.length; depth++) {
          const part = `/${parts.slice(0, depth).join('/')}`;
          const stat = this.stat(part);
          if (stat && stat.kind !== 'directory') throw new FileError('ENOTDIR', path);
          if (!stat) this.makeDirectory(part, options.mode === undefined ? {} : { mode: options.mode });
        }
        return;
      }
      if (this.stat(path)) throw new FileError('EEXIST', path);
      const place = prepare(path);
      place.files.makeDirectory(place.path, options);
    },
    remove(path, options = {}) {
      const place = placeOf(path);
      if (place.readOnly) throw new FileError('EROFS', path);
      if (place.mount) return place.files.remove(place.path, options);
      const stat = this.stat(path, { follow: false });
      if (!stat) throw new FileError('ENOENT', path);
      if (stat.kind === 'directory' && !options.recursive && this.list(path).length > 0) throw new FileError('ENOTEMPTY', path);
      if (upper.stat(place.path, { follow: false })) upper.remove(place.path, { recursive: true });
      if (inBase(place.path)) whiteouts.add(place.path);
    },
    rename(from, to) {
      const source = placeOf(from);
      const target = placeOf(to);
      if (source.mount && source.mount === target.mount) return source.files.rename(source.path, target.path);
      const stat = this.stat(from);
      if (!stat) throw new FileError('ENOENT', from);
      if (stat.kind === 'directory') {
        this.makeDirectory(to);
        for (const name of this.list(from)) this.rename(join(from, [name]), join(to, [name]));
      } else this.write(to, this.readBytes(from), { mode: stat.mode });
      this.remove(from, { recursive: true });
    },
    symlink(target, path) {
      const place = prepare(path);
      place.files.symlink(target, place.path);
    },
    readLink(path) {
      const place = reading(path);
      return place.files.readLink(place.path);
    },
    changeMode(path, mode) {
      const place = copyUp(path);
      place.files.changeMode(place.path, mode);
    },
    watch(path, listener: FileListener): Stop {
      const place = placeOf(path);
      if (!place.mount) return upper.watch(place.path, listener);
      const { mount } = place;
      return mount.files.watch(place.path, (changed) =>
        listener(join(mount.path, pathParts(changed).slice(pathParts(mount.source).length))),
      );
    },
    sync: () => Promise.all([...new Set(mounts.map((mount) => mount.files))].map((files) => files.sync())).then(() => undefined),
  };
}
